import { base64, concatBytes, fromBase64, fromUtf8, utf8 } from '#core/bytes.ts'
import type { Sha256 } from '#core/hash.ts'
import { LIMITS } from '#core/limits.ts'
import { HASH_BYTES } from '#core/tlog/hash.ts'
import { parseCount } from '#core/tlog/integer.ts'
import { verifyInclusion } from '#core/tlog/proof.ts'
import {
  type CheckpointFault,
  type LogTrust,
  type OpenedCheckpoint,
  openCheckpoint,
} from '#core/tlog/signed-checkpoint.ts'

/** An offline receipt: an entry's place and proof, and the checkpoint that it leads to (C2SP
 * tlog-proof; file extension `.tlog-proof`). */
export interface ProofFile {
  readonly index: number
  /** From the leaf's sibling upwards. */
  readonly proof: readonly Uint8Array[]
  /** The signed note as the log gave it. */
  readonly checkpoint: Uint8Array
  /** Anything; **nobody has signed it**. */
  readonly extra: Uint8Array | null
}

export type OpenedProofFile =
  | Extract<OpenedCheckpoint, { ok: true }>
  | { readonly ok: false; readonly why: CheckpointFault | 'not-included' }

const HEADER = 'c2sp.org/tlog-proof@v1'
const EXTRA = 'extra '
const INDEX = 'index '
/** A tree of 2^53 leaves is 53 high. */
const PROOF_HASHES_MAX = 53

export const formatProofFile = ({ index, proof, checkpoint, extra }: ProofFile): Uint8Array => {
  const extraLines = extra === null ? [] : [`${EXTRA}${base64(extra)}`]
  const lines = [HEADER, ...extraLines, `${INDEX}${index}`, ...proof.map(base64), '']
  return concatBytes(utf8(lines.map((line) => `${line}\n`).join('')), checkpoint)
}

/** Null for what is no such file. Verifies nothing, and leaves the checkpoint unread. */
export const parseProofFile = (bytes: Uint8Array): ProofFile | null => {
  if (bytes.length > LIMITS.proofFileBytesMax) return null
  const whole = fromUtf8(bytes)
  const blank = whole?.indexOf('\n\n') ?? -1
  if (whole === null || blank < 0) return null
  const [header, second = '', ...rest] = whole.slice(0, blank).split('\n')
  const hasExtra = second.startsWith(EXTRA)
  const extra = hasExtra ? fromBase64(second.slice(EXTRA.length)) : null
  const [indexLine = '', ...hashLines] = hasExtra ? rest : [second, ...rest]
  const index = indexLine.startsWith(INDEX) ? parseCount(indexLine.slice(INDEX.length)) : null
  const proof = parseHashes(hashLines)
  if (header !== HEADER || index === null || proof === null) return null
  if (hasExtra && extra === null) return null
  return { index, proof, checkpoint: utf8(whole.slice(blank + 2)), extra }
}

/**
 * Whether the entry with this leaf hash is in the log, at the file's index. The leaf hash is
 * computed from the entry in the reader's hands, never taken from beside the file.
 */
export const openProofFile = async (
  sha256: Sha256,
  file: ProofFile,
  leafHash: Uint8Array,
  trust: LogTrust,
): Promise<OpenedProofFile> => {
  const opened = await openCheckpoint(file.checkpoint, trust)
  if (!opened.ok) return opened
  const { size, root } = opened.checkpoint
  const { index, proof } = file
  const isIncluded = verifyInclusion(sha256, { index, size, leafHash, root, proof })
  return isIncluded ? opened : { ok: false, why: 'not-included' }
}

const parseHashes = (lines: readonly string[]): readonly Uint8Array[] | null => {
  if (lines.length > PROOF_HASHES_MAX) return null
  const hashes = lines.map(fromBase64).filter((hash) => hash !== null)
  const areHashes = hashes.every((hash) => hash.length === HASH_BYTES)
  return areHashes && hashes.length === lines.length ? hashes : null
}
