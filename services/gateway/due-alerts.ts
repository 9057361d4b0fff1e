import type { AgencyId } from '#core/agency.ts'
import { LIMITS } from '#core/limits.ts'
import type { AcknowledgementStore } from '#core/ports/acknowledgement-store.ts'
import type { AlertIndex, UrgentAlert } from '#core/ports/alert-index.ts'
import type { Clock } from '#core/ports/clock.ts'
import { isUrgent, type Precedence, URGENT, type Urgent } from '#core/precedence.ts'
import type { Realm } from '#core/realm.ts'

/** An alert that should have been acknowledged by now. */
export interface DueAlert extends UrgentAlert {
  readonly dueAtMs: number
}

export interface DueList {
  /** FLASH first; of one precedence, the last accepted first. */
  readonly alerts: readonly DueAlert[]
  /** Whether there are more. */
  readonly isCut: boolean
}

export interface DueAlertsDeps {
  readonly index: Pick<AlertIndex, 'urgent'>
  readonly acknowledgements: AcknowledgementStore
  readonly clock: Clock
  readonly acknowledgeMs: Readonly<Record<Urgent, number>>
}

interface Judged {
  readonly mark: readonly unknown[]
  readonly stands: boolean
}

/**
 * The alerts of the last `reminderDays` that are due to be acknowledged, whoever has done so; looked
 * up for all readers of a process together, once in `dueCheckMs` at most.
 */
export class DueAlerts {
  private readonly deps: DueAlertsDeps
  private readonly lists = new Map<Realm, { readonly list: DueList; readonly atMs: number }>()
  /** An acknowledgement stands for good, so what was found is not asked for again. */
  private readonly found = new WeakMap<DueAlert, Set<AgencyId>>()

  private readonly judged = new WeakMap<DueAlert, Judged>()

  constructor(deps: DueAlertsDeps) {
    this.deps = deps
  }

  /** The same object for as long as it says the same. */
  list(realm: Realm): DueList {
    const known = this.lists.get(realm)
    const atMs = this.deps.clock.monotonicMs()
    if (known !== undefined && atMs - known.atMs < LIMITS.dueCheckMs) return known.list
    const list = merged(known?.list, this.lookUp(realm))
    this.lists.set(realm, { list, atMs })
    return list
  }

  hasAcknowledged(alert: DueAlert, agency: AgencyId): boolean {
    const found = this.found.get(alert)
    if (found?.has(agency)) return true
    if (!this.deps.acknowledgements.has(alert, agency)) return false
    if (found === undefined) this.found.set(alert, new Set([agency]))
    else found.add(agency)
    return true
  }

  /** What `judge` says of it, asked again only when `mark` is another than before. */
  stands(alert: DueAlert, mark: readonly unknown[], judge: () => boolean): boolean {
    const known = this.judged.get(alert)
    if (known?.mark.every((one, at) => one === mark[at])) return known.stands
    const stands = judge()
    this.judged.set(alert, { mark, stands })
    return stands
  }

  /** When an alert should have been acknowledged; null when that is not asked of it. */
  dueAtMs(alert: {
    readonly precedence: Precedence
    readonly acceptedAtMs: number
  }): number | null {
    if (!isUrgent(alert.precedence)) return null
    const withinMs = this.deps.acknowledgeMs[alert.precedence]
    return withinMs === 0 ? null : alert.acceptedAtMs + withinMs
  }

  isDue(alert: { readonly precedence: Precedence; readonly acceptedAtMs: number }): boolean {
    const dueAtMs = this.dueAtMs(alert)
    return dueAtMs !== null && dueAtMs <= this.deps.clock.nowMs()
  }

  private lookUp(realm: Realm): DueList {
    const lists = URGENT.map((precedence) => this.lookUpOf(realm, precedence))
    return {
      alerts: lists.flatMap(({ alerts }) => alerts),
      isCut: lists.some(({ isCut }) => isCut),
    }
  }

  private lookUpOf(realm: Realm, precedence: Urgent): DueList {
    const { index, clock, acknowledgeMs } = this.deps
    const withinMs = acknowledgeMs[precedence]
    if (withinMs === 0) return { alerts: [], isCut: false }
    const nowMs = clock.nowMs()
    const found = index.urgent({
      realm,
      precedence,
      fromMs: nowMs - LIMITS.reminderDays * DAY_MS,
      untilMs: nowMs - withinMs,
      limit: LIMITS.dueAlertsMax + 1,
    })
    const alerts = found
      .slice(0, LIMITS.dueAlertsMax)
      .map((alert) => ({ ...alert, dueAtMs: alert.acceptedAtMs + withinMs }))
    return { alerts, isCut: found.length > LIMITS.dueAlertsMax }
  }
}

const DAY_MS = 86_400_000

/** The later list, with the alerts of the earlier as the objects that they were there. */
const merged = (earlier: DueList | undefined, later: DueList): DueList => {
  if (earlier === undefined) return later
  const known = new Map(earlier.alerts.map((alert) => [nameOf(alert), alert]))
  const alerts = later.alerts.map((alert) => known.get(nameOf(alert)) ?? alert)
  const isSame =
    later.isCut === earlier.isCut &&
    alerts.length === earlier.alerts.length &&
    alerts.every((alert, at) => alert === earlier.alerts[at])
  return isSame ? earlier : { ...later, alerts }
}

const nameOf = ({ origin, id }: DueAlert): string => `${origin}/${id}`
