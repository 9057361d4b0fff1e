import { equalBytes } from '#core/bytes.ts'
import { type DirectoryFault, faultOf } from '#core/directory/authority.ts'
import { decodeDirectoryEntry } from '#core/directory/codec.ts'
import type { DirectoryChange, DirectoryEntry } from '#core/directory/entry.ts'
import { claimsOf, possessionMessage } from '#core/directory/possession.ts'
import type { DirectoryState } from '#core/directory/state.ts'
import {
  DIRECTORY_PAYLOAD_TYPE,
  type Envelope,
  envelopeFrom,
  preAuthenticationEncoding,
} from '#core/envelope.ts'
import type { Sha256 } from '#core/hash.ts'
import { type KeyId, keyIdOf, type PublicKey, type VerifySignature } from '#core/key.ts'
import { LIMITS } from '#core/limits.ts'

export interface JudgeDeps {
  readonly sha256: Sha256
  readonly verify: VerifySignature
  /** Of the genesis entry, from configuration: the one thing that is trusted without proof. */
  readonly genesisDigest: Uint8Array
}

export type Judgement =
  | { readonly ok: true; readonly entry: DirectoryEntry; readonly digest: Uint8Array }
  | { readonly ok: false; readonly fault: DirectoryFault }

/** Whether `bytes` are an entry that may follow `state`: signed, chained and authorised. */
export const judgeEntry = async (
  state: DirectoryState,
  bytes: Uint8Array,
  { sha256, verify, genesisDigest }: JudgeDeps,
): Promise<Judgement> => {
  if (bytes.length > LIMITS.directoryEntryBytesMax) return fault('malformed')
  const envelope = envelopeFrom(bytes, DIRECTORY_PAYLOAD_TYPE)
  const entry = envelope.ok ? decodeDirectoryEntry(envelope.value.payload) : null
  if (!envelope.ok || entry === null) return fault('malformed')
  const message = preAuthenticationEncoding(envelope.value.payloadType, envelope.value.payload)
  const digest = sha256(message)
  const isGenesis = entry.change.type === 'Genesis'
  if (isGenesis && !equalBytes(digest, genesisDigest)) return fault('not-pinned')
  const keys = keysOf(state, entry, sha256)
  const signed = await signatureFault(envelope.value, message, keys, verify)
  const unproven = signed ?? faultOf(state, entry, envelope.value.signatures.map(keyOf), sha256)
  const found = unproven ?? (await possessionFault(entry.change, { sha256, verify }))
  return found === null ? { ok: true, entry, digest } : fault(found)
}

const fault = (why: DirectoryFault): Judgement => ({ ok: false, fault: why })

const keyOf = ({ keyId }: { readonly keyId: KeyId }): KeyId => keyId

type FindKey = (id: KeyId) => PublicKey | undefined

/** The genesis entry is signed by the keys that it names; the pinned digest is what vouches for it. */
const keysOf = (state: DirectoryState, { change }: DirectoryEntry, sha256: Sha256): FindKey => {
  if (change.type !== 'Genesis') {
    return (id) => state.rootKeys.get(id) ?? state.formerRootKeys.get(id) ?? state.keys.get(id)?.key
  }
  return (id) => change.rootKeys.find((key) => keyIdOf(key, sha256) === id)
}

const signatureFault = async (
  { signatures }: Envelope,
  message: Uint8Array,
  find: FindKey,
  verify: VerifySignature,
): Promise<DirectoryFault | null> => {
  for (const { keyId, signature } of signatures) {
    const key = find(keyId)
    if (key === undefined) return 'unknown-signer'
    if (!(await verify(key, message, signature))) return 'bad-signature'
  }
  return null
}

/** Only whoever holds a key enters it: else one agency could take another's key from it for ever. */
const possessionFault = async (
  change: DirectoryChange,
  { sha256, verify }: Pick<JudgeDeps, 'sha256' | 'verify'>,
): Promise<DirectoryFault | null> => {
  for (const { key, possession, ...claim } of claimsOf(change)) {
    const message = possessionMessage({ ...claim, keyId: keyIdOf(key, sha256) })
    if (!(await verify(key, message, possession))) return 'no-possession'
  }
  return null
}
