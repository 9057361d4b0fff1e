import type { LogEntry, MessageLog } from '#core/ports/message-log.ts'
import { readRange } from '#core/read-range.ts'
import type { Checkpoint } from '#core/tlog/checkpoint.ts'
import {
  type CheckpointFault,
  type LogTrust,
  openCheckpoint,
} from '#core/tlog/signed-checkpoint.ts'
import { CHECKPOINTS_TOPIC } from '#core/topics.ts'

/** A checkpoint whose signature was verified. */
export interface SignedCheckpoint extends Checkpoint {
  /** The signed note, as served and as in the checkpoints topic (C2SP signed-note). */
  readonly note: Uint8Array
}

/** How many of the last entries are looked at together. An append whose outcome was unknown may
 * have arrived after a later one, so the last is not always the largest. */
const LAST_ENTRIES = 100

/** The largest of those that the topic ends with; null when none in the topic is the log's.
 * `onForeign` is told of what somebody else wrote there. */
export const lastCheckpoint = async (
  log: MessageLog,
  trust: LogTrust,
  onForeign: (offset: number, why: CheckpointFault) => void,
): Promise<SignedCheckpoint | null> => {
  const head = await log.head(CHECKPOINTS_TOPIC)
  for (let to = head; to > 0; to -= LAST_ENTRIES) {
    const range = { from: Math.max(0, to - LAST_ENTRIES), to }
    const opened: SignedCheckpoint[] = []
    for await (const entries of readRange(log, CHECKPOINTS_TOPIC, range)) {
      for (const entry of entries) {
        opened.push(...(await openedEntry(entry, trust, onForeign)))
      }
    }
    if (opened.length > 0) return largestOf(opened)
  }
  return null
}

export const largestOf = (checkpoints: readonly SignedCheckpoint[]): SignedCheckpoint | null =>
  checkpoints.reduce<SignedCheckpoint | null>(
    (largest, one) => (largest !== null && largest.size >= one.size ? largest : one),
    null,
  )

const openedEntry = async (
  { offset, value }: LogEntry,
  trust: LogTrust,
  onForeign: (offset: number, why: CheckpointFault) => void,
): Promise<readonly SignedCheckpoint[]> => {
  const opened = await openCheckpoint(value, trust)
  if (opened.ok) return [{ ...opened.checkpoint, note: value }]
  onForeign(offset, opened.why)
  return []
}
