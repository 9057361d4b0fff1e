import { accessLeafHashes } from '#core/access-leaves.ts'
import { equalBytes } from '#core/bytes.ts'
import type { Sha256 } from '#core/hash.ts'
import type { MessageLog } from '#core/ports/message-log.ts'
import { readRange } from '#core/read-range.ts'
import type { Checkpoint } from '#core/tlog/checkpoint.ts'
import { appendLeaves, EMPTY_EDGE, edgeRoot } from '#core/tlog/tree.ts'
import { ACCESS_TOPIC } from '#core/topics.ts'

/** How the access topic of a log stands to a checkpoint. */
export type Agreement = 'agrees' | 'shorter' | 'forked'

export interface Compared<One extends Checkpoint> {
  readonly checkpoint: One
  readonly agreement: Agreement
}

/**
 * Holds the access topic, all of it up to the largest of them, against checkpoints whose signatures
 * were verified already. Throws as `MessageLog.read` does, `OffsetGone` and `LogBroken`.
 */
export const compareLog = async <One extends Checkpoint>(
  { log, sha256 }: { readonly log: MessageLog; readonly sha256: Sha256 },
  checkpoints: readonly One[],
  onProgress: (done: number, total: number) => void,
): Promise<readonly Compared<One>[]> => {
  const head = await log.head(ACCESS_TOPIC)
  const ascending = checkpoints.toSorted((a, b) => a.size - b.size)
  const total = Math.min(head, ascending.at(-1)?.size ?? 0)
  const compared: Compared<One>[] = []
  let edge = EMPTY_EDGE
  for (const checkpoint of ascending) {
    if (checkpoint.size > head) {
      compared.push({ checkpoint, agreement: 'shorter' })
      continue
    }
    const range = { from: edge.size, to: checkpoint.size }
    for await (const entries of readRange(log, ACCESS_TOPIC, range)) {
      edge = appendLeaves(sha256, edge, accessLeafHashes(sha256, edge.size, entries)).edge
      onProgress(edge.size, total)
    }
    const isSame = equalBytes(edgeRoot(sha256, edge), checkpoint.root)
    compared.push({ checkpoint, agreement: isSame ? 'agrees' : 'forked' })
  }
  return compared
}
