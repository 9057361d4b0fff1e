import { incidentAlert, incidentName } from '#clients/cli/import/incident-alert.ts'
import type { IncidentRow } from '#clients/cli/import/incident-row.ts'
import type { Sender } from '#clients/cli/import/sender.ts'
import { HubMisbehaved, HubRefusal, HubUnreachable } from '#clients/sdk/errors.ts'
import { publish } from '#clients/sdk/publish.ts'
import { AlertUnusable, signAlert } from '#clients/sdk/sign-alert.ts'
import { alertStatus } from '#clients/sdk/status.ts'
import type { AlertName } from '#core/alert.ts'
import { LIMITS } from '#core/limits.ts'

/** What became of a row's alert. `why` is a code. */
export type Fate =
  | { readonly fate: 'published' }
  | { readonly fate: 'already-there' }
  | { readonly fate: 'refused'; readonly why: string }
  /** Whether it is there now is not known; the next run asks. */
  | { readonly fate: 'failed'; readonly why: string }

export interface DeliverOptions {
  /** No further tries once it aborts; what was sent is waited for all the same. */
  readonly stop: AbortSignal
  /** 0 to 1, so that what was put off together does not come back together. */
  readonly chance: () => number
  /** Told of each try that has to be repeated. */
  readonly onPutOff: (why: string) => void
}

/**
 * Has the event's alert at the hub, once. What is signed says when it was sent, so the same event
 * signed again would be another alert under the same id: what is there is left as it is.
 */
export const deliver = async (
  sender: Sender,
  row: IncidentRow,
  options: DeliverOptions,
): Promise<Fate> => {
  const { realm, sha256, clock } = sender.session
  const name = incidentName(row, realm, sha256)
  try {
    if (sender.expectation.asksFirst && (await isThere(sender, name, options))) {
      return { fate: 'already-there' }
    }
    const alert = incidentAlert(row, { realm, sha256, sentAtMs: clock.nowMs() })
    const bytes = await signAlert(alert, [sender.key])
    // Of a try whose answer was lost the outcome is unknown: these very bytes again are harmless.
    const isTaken = await patiently(sender, options, () => isIdTaken(sender, bytes))
    if (!isTaken) return { fate: 'published' }
    const isOurs = await isThere(sender, name, options)
    return isOurs ? { fate: 'already-there' } : { fate: 'refused', why: 'id-taken' }
  } catch (error) {
    return fateFrom(error)
  }
}

/** Publishes; true when other bytes are there under the id, of a run before or beside this one. */
const isIdTaken = async ({ session }: Sender, bytes: Uint8Array): Promise<boolean> => {
  try {
    await publish(session, bytes)
    return false
  } catch (error) {
    if (error instanceof HubRefusal && error.code === 'id-taken') return true
    throw error
  }
}

const isThere = async (
  sender: Sender,
  name: AlertName,
  options: DeliverOptions,
): Promise<boolean> => {
  const { session, expectation } = sender
  try {
    await patiently(sender, options, () => alertStatus(session, name))
    expectation.wasThere()
    return true
  } catch (error) {
    if (!(error instanceof HubRefusal && error.code === 'not-found')) throw error
    expectation.wasAbsent()
    return false
  }
}

/** Repeats what the hub puts off or does not answer, for `LIMITS.importPatienceMs` at most. */
const patiently = async <T>(
  { session: { clock } }: Sender,
  { stop, chance, onPutOff }: DeliverOptions,
  action: () => Promise<T>,
): Promise<T> => {
  const untilMs = clock.monotonicMs() + LIMITS.importPatienceMs
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await action()
    } catch (error) {
      const askedMs = putOffMs(error)
      if (askedMs === null || stop.aborted) throw error
      const backoffMs = Math.min(
        LIMITS.importRetryMsMin * 2 ** (attempt - 1),
        LIMITS.importRetryMsMax,
      )
      const waitMs = Math.max(askedMs, backoffMs) * (1 + chance() / 2)
      if (clock.monotonicMs() + waitMs > untilMs) throw error
      onPutOff(whyOf(error))
      await clock.sleep(waitMs, stop)
      if (stop.aborted) throw error
    }
  }
}

/** How long the hub asks to wait before the next try, 0 when it does not say; null: no next try. */
const putOffMs = (error: unknown): number | null => {
  if (error instanceof HubUnreachable) return 0
  const isPutOff = error instanceof HubRefusal && (error.status === 429 || error.status >= 500)
  return isPutOff ? (error.retryAfterMs ?? 0) : null
}

const fateFrom = (error: unknown): Fate => {
  const why = whyOf(error)
  if (error instanceof AlertUnusable) return { fate: 'refused', why }
  if (error instanceof HubRefusal && putOffMs(error) === null) return { fate: 'refused', why }
  return { fate: 'failed', why }
}

/** Throws what is no word of the hub's: a fault of this program. */
const whyOf = (error: unknown): string => {
  if (error instanceof HubUnreachable) return 'unreachable'
  const hasCode =
    error instanceof HubRefusal || error instanceof HubMisbehaved || error instanceof AlertUnusable
  if (hasCode) return error.code
  throw error
}
