import type { AgencyId } from '#core/agency.ts'
import type { IndexedAlert, UrgentAlert } from '#core/ports/alert-index.ts'
import type { Urgent } from '#core/precedence.ts'
import type { Realm } from '#core/realm.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { reachOf } from '#services/gateway/preview-label.ts'
import { recalledBy } from '#services/gateway/recalled.ts'
import { faultOf, type Reader } from '#services/gateway/release.ts'
import { isAwaited } from '#services/gateway/reminders.ts'

/** Who has acknowledged an alert and who has not, by agency: never persons. */
export interface Acknowledging {
  /** Null when that is not asked of an alert of this precedence. */
  readonly dueAtMs: number | null
  readonly acknowledgedBy: readonly AgencyId[]
  /** Whom the label reaches now, without the origin; nobody once it has expired or was recalled. */
  readonly awaitedFrom: readonly AgencyId[]
  readonly overdue: boolean
}

/**
 * For who may ask whom the alert's label reaches, since this says it; null for all others of the
 * origin. Who acknowledged is the auditors' to know by name.
 */
export const acknowledgingOf = async (
  deps: GatewayDeps,
  { caller: { principal, realm } }: Reader,
  alert: IndexedAlert,
): Promise<Acknowledging | null> => {
  const { policy, directory } = deps
  const standing = directory.state.standingOf(principal, realm)
  if (standing === null) return null
  const asked = { action: 'preview', realm, principal: standing, alert } as const
  if (!policy.decide(asked).allowed) return null
  const isOver = recalledBy(deps, alert) !== null || faultOf(deps, alert) !== null
  const awaitedFrom = isOver ? [] : await awaitedFromOf(deps, alert)
  return {
    dueAtMs: deps.due.dueAtMs(alert),
    acknowledgedBy: deps.acknowledgements.agenciesOf(alert),
    awaitedFrom,
    overdue: deps.due.isDue(alert) && awaitedFrom.length > 0,
  }
}

/**
 * How many alerts of a precedence are due and awaited from at least one agency: of the last
 * `reminderDays`, and at most `dueAlertsMax`.
 */
export const overdueCount = async (
  deps: GatewayDeps,
  realm: Realm,
  precedence: Urgent,
): Promise<number> => {
  let count = 0
  const reached = new Map<number, readonly AgencyId[]>()
  for (const one of deps.due.list(realm).alerts) {
    if (one.precedence !== precedence || !isAwaited(deps, one)) continue
    // Many alerts have few labels, and a label takes a decision on each of its readers.
    const agencies = reached.get(one.labelId) ?? (await reachedBy(deps, one))
    reached.set(one.labelId, agencies)
    if (agencies.some((agency) => !deps.due.hasAcknowledged(one, agency))) count += 1
  }
  return count
}

const awaitedFromOf = async (
  deps: GatewayDeps,
  alert: IndexedAlert,
): Promise<readonly AgencyId[]> => {
  const reached = await reachedBy(deps, alert)
  const acknowledged = new Set(deps.acknowledgements.agenciesOf(alert))
  return reached.filter((agency) => !acknowledged.has(agency))
}

/** Without the origin. */
const reachedBy = async (
  deps: GatewayDeps,
  alert: Pick<UrgentAlert, 'realm' | 'origin' | 'label'>,
): Promise<readonly AgencyId[]> => {
  const { reached } = await reachOf(deps, alert)
  return reached.filter((agency) => agency !== alert.origin)
}
