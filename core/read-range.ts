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
