import { FsckFindings } from '#core/fsck/findings.ts'
import { checkFrames } from '#core/fsck/frames.ts'
import { checkTree } from '#core/fsck/tree.ts'
import type { Sha256 } from '#core/hash.ts'
import type { VerifySignature } from '#core/key.ts'
import { trustIn } from '#core/log-trust.ts'
import type { MessageLog } from '#core/ports/message-log.ts'
import type { TileStore } from '#core/ports/tile-store.ts'
import type { VerifierKey } from '#core/tlog/verifier-key.ts'

export interface FsckOptions {
  readonly log: MessageLog
  readonly tiles: TileStore
  /** The log's, as the directory names it. */
  readonly logKey: VerifierKey
  /** Those that it was named by before, also under another name. */
  readonly formerKeys?: readonly VerifierKey[]
  readonly sha256: Sha256
  readonly verify: VerifySignature
  /** How many entries of all topics were looked at, and how many there are to look at. */
  readonly onProgress: (done: number, total: number) => void
}

export interface FsckReport {
  /** Of the largest signed checkpoint; 0 when there is none. */
  readonly size: number
  /** What the access topic makes of its first `size` entries; null when there is no checkpoint, or
   * not so many entries. */
  readonly root: Uint8Array | null
  /** Each names a place and what is wrong there; at most `fsckProblemsMax`, and how many more. */
  readonly problems: readonly string[]
}

/**
 * Checks what a hub stores against itself: every entry of `access` against the tiles, every
 * checkpoint against the entries, every frame’s stamp against its record. Changes nothing, and may
 * run beside a hub. Content stays sealed: whether a frame is authentic is not seen here.
 */
export const fsck = async (options: FsckOptions): Promise<FsckReport> => {
  const { log, tiles, logKey, sha256, verify } = options
  const findings = new FsckFindings(options.onProgress)
  const trust = { ...trustIn(logKey, verify), formerKeys: options.formerKeys ?? [] }
  const { size, root } = await checkTree({ log, tiles, trust, sha256 }, findings)
  await checkFrames({ log, sha256 }, findings)
  return { size, root, problems: findings.problems() }
}
