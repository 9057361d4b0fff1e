import type { AlertName } from '#core/alert.ts'
import { hex } from '#core/bytes.ts'
import { LIMITS } from '#core/limits.ts'
import { accept, type Result, refuse } from '#core/refusal.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import type { DueAlert } from '#services/gateway/due-alerts.ts'
import { recalledBy } from '#services/gateway/recalled.ts'
import {
  allowedDraft,
  appended,
  decideRead,
  faultOf,
  isPolicyActive,
  type Reader,
} from '#services/gateway/release.ts'

export interface Reminders {
  readonly reminders: readonly DueAlert[]
  /** Whether there may be more. */
  readonly isCut: boolean
}

/**
 * The alerts of other agencies that this reader's labels let it read, that are due, and that nobody
 * of its agency has acknowledged: whatever its cursor and filter. The newest `remindersMax`.
 *
 * A reminder says that an alert is there under a label, and perhaps says it first: a feed is read
 * from where its reader likes. So it is a release: its record is durable first, and directory,
 * policy and standing are asked again after that.
 */
export const remindersFor = async (
  deps: GatewayDeps,
  reader: Reader,
  labelIds: readonly number[],
): Promise<Result<Reminders>> => {
  const { reminders, isCut } = awaitedOf(deps, reader, labelIds)
  const untold = reminders.filter((one) => !deps.reminded.has(reader.caller, one))
  if (untold.length > 0) {
    const drafts = untold.map((one) => ({
      ...allowedDraft(deps, reader, 'RELEASE', one),
      reasons: [REMINDER_REASON],
    }))
    if ((await appended(deps, drafts)) === null) return refuse('record-not-durable')
    for (const one of untold) deps.reminded.add(reader.caller, one)
    if (!deps.directory.isFresh()) return refuse('directory-stale')
    if (!isPolicyActive(deps)) return refuse('policy-not-active')
  }
  const mayGo = reminders.filter((one) => mayRemind(deps, reader, one))
  return accept({ reminders: mayGo, isCut })
}

/** Tells, in the record, that a reminder went and not the alert's own bytes. */
const REMINDER_REASON = 'reminder'

/** Whether this reader may be told of it now, and has still to be. */
export const mayRemind = (deps: GatewayDeps, { caller }: Reader, one: DueAlert): boolean =>
  decideRead(deps, caller, one).allowed &&
  isAwaited(deps, one) &&
  !deps.due.hasAcknowledged(one, caller.agency)

const awaitedOf = (
  deps: GatewayDeps,
  { caller: { realm, agency } }: Reader,
  labelIds: readonly number[],
): Reminders => {
  const { alerts, isCut } = deps.due.list(realm)
  if (alerts.length === 0) return { reminders: [], isCut }
  const readable = new Set(labelIds)
  const reminders: DueAlert[] = []
  for (const one of alerts) {
    if (one.origin === agency || !readable.has(one.labelId)) continue
    if (deps.due.hasAcknowledged(one, agency) || !isAwaited(deps, one)) continue
    if (reminders.length === LIMITS.remindersMax) return { reminders, isCut: true }
    reminders.push(one)
  }
  return { reminders, isCut }
}

/** Whether an acknowledgement of it is of any use: not of what has expired or was withdrawn. */
export const isAwaited = (deps: GatewayDeps, one: DueAlert): boolean => {
  if (one.expiresAtMs !== null && one.expiresAtMs <= deps.clock.nowMs()) return false
  const { index, directory } = deps
  // To open an alert for each reader anew would take most of what a quiet stream costs.
  return deps.due.stands(one, [directory.state.sequence, index.recallsMark()], () => {
    const alert = index.find(one.realm, one)
    return alert !== null && recalledBy(deps, alert) === null && faultOf(deps, alert) === null
  })
}

/** A reminder as JSON, in a page and in a stream alike. */
export const reminderView = ({ origin, id, digest, precedence, dueAtMs }: DueAlert) => ({
  origin,
  id,
  digest: hex(digest),
  precedence,
  dueAtMs,
})

export const reminderName = ({ origin, id }: AlertName): string => `${origin}/${id}`
