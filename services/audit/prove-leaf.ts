import type { SignedCheckpoint } from '#core/last-checkpoint.ts'
import { LIMITS } from '#core/limits.ts'
import { TileDamaged } from '#core/ports/tile-store.ts'
import { accept, type Result, refuse } from '#core/refusal.ts'
import { leafHash } from '#core/tlog/hash.ts'
import { formatProofFile, openProofFile, type ProofFile } from '#core/tlog/proof-file.ts'
import { inclusionProof } from '#core/tlog/prove.ts'
import { tileNodes } from '#core/tlog/tile-nodes.ts'
import type { AuditDeps } from '#services/audit/deps.ts'
import type { Leaf } from '#services/audit/read-records.ts'

export interface Proven {
  readonly file: ProofFile
  /** The file's text (C2SP tlog-proof). Its `extra` is the leaf: with it the file says it all. */
  readonly text: Uint8Array
  readonly leafHash: Uint8Array
}

/** Proves that a leaf is in the published tree, waiting a while for a checkpoint that covers it. */
export const proveLeaf = async (deps: AuditDeps, leaf: Leaf): Promise<Result<Proven>> => {
  const { published, clock, sha256, trust } = deps
  const checkpoint = await published.covering(leaf.index, clock, LIMITS.proofWaitMsMax)
  if (checkpoint === null) return refuse('catching-up')
  const hash = leafHash(sha256, leaf.bytes)
  const proof = await proofFrom(deps, leaf.index, checkpoint)
  if (proof !== null) {
    const file = { index: leaf.index, proof, checkpoint: checkpoint.note, extra: leaf.bytes }
    const opened = await openProofFile(sha256, file, hash, trust)
    if (opened.ok) return accept({ file, text: formatProofFile(file), leafHash: hash })
  }
  // A proof that does not hold would be taken for a forged log.
  deps.onAlarm({ what: 'tile-damaged', why: `no proof of leaf ${leaf.index} holds` })
  return refuse('internal')
}

/** Null when tiles are missing or damaged. */
const proofFrom = async (
  { tiles, sha256 }: AuditDeps,
  index: number,
  { size }: SignedCheckpoint,
): Promise<readonly Uint8Array[] | null> => {
  const readNode = tileNodes(sha256, size, (tile) => tiles.read(tile))
  try {
    return await inclusionProof(sha256, readNode, index, size)
  } catch (error) {
    if (error instanceof TileDamaged) return null
    throw error
  }
}
