import type { Alert } from '#core/alert.ts'
import type { DirectoryState } from '#core/directory/state.ts'
import type { Envelope } from '#core/envelope.ts'
import type { VerifySignature } from '#core/key.ts'
import { LIMITS } from '#core/limits.ts'
import type { RefusalCode } from '#core/refusal.ts'
import { isCompromised, keyFault, type SigningMoment, signaturesFault } from '#core/signing.ts'

/** A verified directory: up to its end, and what the times of its entries were said to be. */
export interface KnownDirectory {
  readonly state: DirectoryState
  readonly enteredAtMs: readonly number[]
  /** The last entry that the hub went by when it gave the alert. */
  readonly headSequence: number
}

/**
 * Why an alert's signatures were not good when it was taken; null when they were. Without a stamp,
 * which nobody signs, the moment is known by the time that the origin signed, within the ten minutes
 * around it in which a hub takes an alert: a key must have been good at one of the heads that the
 * directory then had.
 */
export const signedAroundFault = async (
  { state, enteredAtMs, headSequence }: KnownDirectory,
  envelope: Envelope,
  { origin, realm, sentAtMs }: Pick<Alert, 'origin' | 'realm' | 'sentAtMs'>,
  verify: VerifySignature,
): Promise<RefusalCode | 'key-compromised' | null> => {
  const heads = headsAround(enteredAtMs, sentAtMs).filter((head) => head <= headSequence)
  const times = [sentAtMs, sentAtMs - LIMITS.sentAtSkewMsMax, sentAtMs + LIMITS.sentAtSkewMsMax]
  const moments = heads.flatMap((directorySequence) =>
    times.map((acceptedAtMs) => ({ origin, realm, directorySequence, acceptedAtMs })),
  )
  const areGood = (moment: SigningMoment): boolean =>
    envelope.signatures.every(({ keyId }) => keyFault(state, keyId, moment) === null)
  const moment = moments.find(areGood) ?? moments.at(-1)
  if (moment === undefined) return 'key-unknown'
  const fault = await signaturesFault(state, envelope, moment, verify)
  if (fault !== null) return fault
  return isCompromised(state, envelope, sentAtMs) ? 'key-compromised' : null
}

/** The entries that may have been the last one when an alert signed at `timeMs` was taken. */
const headsAround = (enteredAtMs: readonly number[], timeMs: number): readonly number[] => {
  const spanMs = LIMITS.sentAtSkewMsMax + LIMITS.enteredAtSkewMsMax
  const after = enteredAtMs.findIndex((enteredMs) => enteredMs > timeMs - spanMs)
  const first = after < 0 ? enteredAtMs.length - 1 : Math.max(0, after - 1)
  const last = enteredAtMs.findLastIndex((enteredMs) => enteredMs <= timeMs + spanMs)
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at)
}
