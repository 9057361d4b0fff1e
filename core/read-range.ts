import { LIMITS } from '#core/limits.ts'
import { type LogEntry, type MessageLog, OffsetGone } from '#core/ports/message-log.ts'

/** The entries of `topic` from `from` up to, without, `to`, in order and in non-empty batches.
 * Throws as `MessageLog.read` does, and `OffsetGone` when the topic ends before `to`. */
export async function* readRange(
  log: MessageLog,
  topic: string,
  { from, to }: { readonly from: number; readonly to: number },
): AsyncGenerator<readonly LogEntry[]> {
  for (let next = from; next < to; ) {
    const limit = Math.min(to - next, LIMITS.followBatchEntriesMax)
    const entries = await log.read(topic, next, limit)
    if (entries.length === 0) throw new OffsetGone(`${topic} ends at ${next}, before ${to}`)
    yield entries
    next += entries.length
  }
}

/** To read over a gap as long as this costs less than to ask again. */
const GAP_MAX = 16

/** The values at `offsets`, by offset; neighbours are read together. Throws as `readRange` does. */
export const readAt = async (
  log: MessageLog,
  topic: string,
  offsets: readonly number[],
): Promise<ReadonlyMap<number, Uint8Array>> => {
  const wanted = new Set(offsets)
  const found = new Map<number, Uint8Array>()
  const runs = runsOf([...wanted])
  for (let at = 0; at < runs.length; at += LIMITS.readsAtOnceMax) {
    const some = runs.slice(at, at + LIMITS.readsAtOnceMax)
    await Promise.all(
      some.map(async (run) => {
        for await (const entries of readRange(log, topic, run)) {
          for (const { offset, value } of entries) if (wanted.has(offset)) found.set(offset, value)
        }
      }),
    )
  }
  return found
}

const runsOf = (offsets: readonly number[]): readonly { from: number; to: number }[] => {
  const runs: { from: number; to: number }[] = []
  for (const offset of offsets.toSorted((a, b) => a - b)) {
    const last = runs.at(-1)
    if (last !== undefined && offset - last.to <= GAP_MAX) last.to = offset + 1
    else runs.push({ from: offset, to: offset + 1 })
  }
  return runs
}
