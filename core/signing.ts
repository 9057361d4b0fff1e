import type { AgencyId } from '#core/agency.ts'
import { type DirectoryState, isSuspended, wasSuspendedAt } from '#core/directory/state.ts'
import { type Envelope, preAuthenticationEncoding } from '#core/envelope.ts'
import type { KeyId, VerifySignature } from '#core/key.ts'
import type { Realm } from '#core/realm.ts'
import type { RefusalCode } from '#core/refusal.ts'

/** By which directory, and at what time, signatures of an origin are judged. */
export interface SigningMoment {
  readonly origin: AgencyId
  readonly realm: Realm
  readonly directorySequence: number
  readonly acceptedAtMs: number
}

const USAGE = { live: 'alert_signing', exercise: 'exercise_signing' } as const

/** Why a key might not sign for the origin at that moment; null when it might. */
export const keyFault = (
  state: DirectoryState,
  id: KeyId,
  { origin, realm, directorySequence, acceptedAtMs }: SigningMoment,
): RefusalCode | null => {
  const key = state.keys.get(id)
  if (key === undefined || key.addedAtSequence > directorySequence) return 'key-unknown'
  if (key.agency !== origin) return 'key-of-another-agency'
  if (key.usage !== USAGE[realm]) return 'key-wrong-usage'
  if (key.revoked !== null && key.revoked.atSequence <= directorySequence) return 'key-revoked'
  if (acceptedAtMs < key.validFromMs || acceptedAtMs >= key.validToMs) return 'key-not-valid-now'
  const agency = state.agencies.get(origin)
  if (agency === undefined || wasSuspendedAt(agency, directorySequence)) return 'agency-suspended'
  return null
}

/** Why not all signatures of an envelope are good for that moment; null when they all are. */
export const signaturesFault = async (
  state: DirectoryState,
  envelope: Envelope,
  moment: SigningMoment,
  verify: VerifySignature,
): Promise<RefusalCode | null> => {
  for (const { keyId } of envelope.signatures) {
    const fault = keyFault(state, keyId, moment)
    if (fault !== null) return fault
  }
  const message = preAuthenticationEncoding(envelope.payloadType, envelope.payload)
  for (const { keyId, signature } of envelope.signatures) {
    const key = state.keys.get(keyId)
    if (key === undefined) return 'key-unknown'
    if (!(await verify(key.key, message, signature))) return 'signature-invalid'
  }
  return null
}

/** The sequence of the entry by which a key or its agency is out now; null when neither is. */
export const outSinceSequence = (
  state: DirectoryState,
  { signatures }: Envelope,
  origin: AgencyId,
): number | null => {
  const agency = state.agencies.get(origin)
  const out = signatures.flatMap(({ keyId }) => state.keys.get(keyId)?.revoked?.atSequence ?? [])
  const standing = agency?.standings.at(-1)
  if (agency && isSuspended(agency) && standing) out.push(standing.fromSequence)
  return out.length === 0 ? null : Math.min(...out)
}

/** Whether a key that signed was compromised before the alert was accepted: then it proves nothing. */
export const isCompromised = (
  state: DirectoryState,
  { signatures }: Envelope,
  acceptedAtMs: number,
): boolean =>
  signatures.some(({ keyId }) => {
    const since = state.keys.get(keyId)?.revoked?.compromisedSinceMs ?? null
    return since !== null && since <= acceptedAtMs
  })
