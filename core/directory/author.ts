import { encodeDirectoryEntry } from '#core/directory/codec.ts'
import type { DirectoryChange } from '#core/directory/entry.ts'
import { DIRECTORY_PAYLOAD_TYPE, preAuthenticationEncoding, signEnvelope } from '#core/envelope.ts'
import type { Sha256 } from '#core/hash.ts'
import type { Signer } from '#core/ports/signer.ts'

/** Where a chain of directory entries ends: what the next entry must follow. */
export interface ChainEnd {
  /** −1 before the genesis entry. */
  readonly sequence: number
  readonly digest: Uint8Array
}

export const CHAIN_START: ChainEnd = { sequence: -1, digest: new Uint8Array(32) }

export interface AuthoredEntry extends ChainEnd {
  /** The signed entry, as it goes into the directory topic. */
  readonly bytes: Uint8Array
}

/** Signs the entry that makes `change` behind `end`. Whether it is authorised, each reader decides. */
export const authorEntry = async (
  end: ChainEnd,
  change: DirectoryChange,
  by: {
    readonly signers: readonly Signer[]
    readonly enteredAtMs: number
    readonly sha256: Sha256
  },
): Promise<AuthoredEntry> => {
  const sequence = end.sequence + 1
  const { enteredAtMs } = by
  const entry = { sequence, previousDigest: end.digest, enteredAtMs, change }
  const payload = encodeDirectoryEntry(entry)
  const bytes = await signEnvelope(DIRECTORY_PAYLOAD_TYPE, payload, by.signers)
  const digest = by.sha256(preAuthenticationEncoding(DIRECTORY_PAYLOAD_TYPE, payload))
  return { sequence, digest, bytes }
}
