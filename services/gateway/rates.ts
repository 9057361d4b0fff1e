import type { AccessAction } from '#core/access-record.ts'
import type { Taken } from '#core/ports/guard.ts'
import { type RateName, rateOf } from '#core/rates.ts'
import type { Refusal } from '#core/refusal.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { draftOf, type Reader } from '#services/gateway/release.ts'

/** What the record of a refusal says was tried. */
const ACTIONS = {
  flash: 'PUBLISH',
  urgent: 'PUBLISH',
  routine: 'PUBLISH',
  'refused-publications': 'PUBLISH',
  reads: 'READ',
  denied: 'READ',
  feeds: 'RELEASE',
  streams: 'RELEASE',
  previews: 'PREVIEW',
  'directory-reads': 'DIRECTORY',
  'directory-entries': 'DIRECTORY',
} as const satisfies Partial<Record<RateName, AccessAction>>

/** What is counted for a caller whom the directory knows. */
export type CallerRate = keyof typeof ACTIONS

/** Of an agency as a whole: its publishers share them. */
const OF_AGENCIES: readonly CallerRate[] = ['flash', 'urgent', 'routine']

/** Takes one of what the caller may have; why not, when there is none. */
export const takeRate = async (
  deps: GatewayDeps,
  reader: Reader,
  what: CallerRate,
): Promise<Refusal | null> => {
  const taken = await deps.guard.take(bucketOf(reader, what), rateOf(deps.rates[what]))
  return refusalOf(deps, reader, what, taken)
}

/**
 * For what only its outcome makes countable: asked before anything is looked up, so that who is
 * over it gets the same answer whatever there is.
 */
export const peekRate = async (
  deps: GatewayDeps,
  reader: Reader,
  what: CallerRate,
): Promise<Refusal | null> => {
  const looked = await deps.guard.peek(bucketOf(reader, what), rateOf(deps.rates[what]))
  return refusalOf(deps, reader, what, looked)
}

/** Of many that were under way at once each is counted, beyond the rate too. */
export const chargeRate = (
  { guard, rates }: GatewayDeps,
  reader: Reader,
  what: CallerRate,
): Promise<void> => guard.charge(bucketOf(reader, what), rateOf(rates[what]))

/** The realms apart: an exercise that runs wild must not close anything to the live one. */
const bucketOf = ({ caller: { realm, principal, agency } }: Reader, what: CallerRate): string =>
  `${what}:${realm}:${OF_AGENCIES.includes(what) ? agency : principal}`

const refusalOf = async (
  deps: GatewayDeps,
  reader: Reader,
  what: CallerRate,
  taken: Taken,
): Promise<Refusal | null> => {
  if (taken.allowed) return null
  const { realm, principal } = reader.caller
  // One record a window, or refusing would fill the log as asking does. It names no alert: nothing
  // was looked at.
  if (await deps.guard.useOnce(`limited:${what}:${realm}:${principal}`, WINDOW_MS)) {
    const reasons = ['rate-limited']
    const draft = { ...draftOf(deps, reader), action: ACTIONS[what], alert: null }
    await deps.accessLog.append([{ ...draft, outcome: 'DENIED', reasons }])
  }
  return { code: 'rate-limited', retryAfterMs: taken.retryAfterMs }
}

const WINDOW_MS = 60_000
