import { concatBytes, utf8 } from '#core/bytes.ts'
import { HASH_BYTES } from '#core/tlog/hash.ts'
import { isCount } from '#core/tlog/integer.ts'

/**
 * What a cosigner signs and how it stands in a note (C2SP tlog-cosignature): «at this time this
 * was the largest tree of that origin that I have seen, and it agrees with all before it».
 */
export interface Cosignature {
  readonly timestampSeconds: number
  readonly signature: Uint8Array
}

/** The leaves from `start` up to, without, `end`; a checkpoint is the subtree from 0 to its size. */
export interface CosignedSubtree {
  readonly cosigner: string
  /** 0 when `start` is not. */
  readonly timestampSeconds: number
  readonly origin: string
  readonly start: number
  readonly end: number
  readonly root: Uint8Array
}

const UINT64_BYTES = 8
const NAME_BYTES_MAX = 255

/** The bytes of the note's signature. */
export const formatCosignature = ({ timestampSeconds, signature }: Cosignature): Uint8Array =>
  concatBytes(uint64(timestampSeconds), signature)

/** Null when there is no room for a time, or it is beyond 2^53 − 1. */
export const parseCosignature = (bytes: Uint8Array): Cosignature | null => {
  if (bytes.length < UINT64_BYTES) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const timestampSeconds = Number(view.getBigUint64(0))
  if (!isCount(timestampSeconds)) return null
  return { timestampSeconds, signature: bytes.subarray(UINT64_BYTES) }
}

/** The signed bytes of an Ed25519 cosignature. They leave out who signs, so a key has one name. */
export const ed25519Message = (timestampSeconds: number, checkpointText: string): Uint8Array =>
  utf8(`cosignature/v1\ntime ${timestampSeconds}\n${checkpointText}`)

/** The signed bytes of an ML-DSA-44 cosignature; null when the values do not fit their fields. */
export const mlDsa44Message = (subtree: CosignedSubtree): Uint8Array | null => {
  const { timestampSeconds, start, end, root } = subtree
  const cosigner = utf8(subtree.cosigner)
  const origin = utf8(subtree.origin)
  if (cosigner.length > NAME_BYTES_MAX || origin.length > NAME_BYTES_MAX) return null
  if (root.length !== HASH_BYTES || ![timestampSeconds, start, end].every(isCount)) return null
  return concatBytes(
    utf8('subtree/v1\n\0'),
    Uint8Array.of(cosigner.length),
    cosigner,
    uint64(timestampSeconds),
    Uint8Array.of(origin.length),
    origin,
    uint64(start),
    uint64(end),
    root,
  )
}

const uint64 = (value: number): Uint8Array => {
  const bytes = new Uint8Array(UINT64_BYTES)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value))
  return bytes
}
