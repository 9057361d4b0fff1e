import { type AccessRecord, decodeAccessRecord } from '#core/access-record.ts'
import { type LogEntry, type MessageLog, OffsetGone } from '#core/ports/message-log.ts'
import { readAt } from '#core/read-range.ts'
import { ACCESS_TOPIC } from '#core/topics.ts'

/** One leaf of the access log; `record` is null when it cannot be read. */
export interface Leaf {
  readonly index: number
  readonly bytes: Uint8Array
  readonly record: AccessRecord | null
}

/** The leaf, or null when the log is not so long. */
export const readLeaf = async (log: MessageLog, index: number): Promise<Leaf | null> => {
  if (index >= (await log.head(ACCESS_TOPIC))) return null
  const [entry] = await log.read(ACCESS_TOPIC, index, 1)
  if (entry === undefined) throw new OffsetGone(`access has lost entry ${index}`)
  return leafOf(entry)
}

/** The leaves of these indexes, in their order. */
export const readLeaves = async (
  log: MessageLog,
  indexes: readonly number[],
): Promise<readonly Leaf[]> => {
  const values = await readAt(log, ACCESS_TOPIC, indexes)
  return indexes.flatMap((offset) => {
    const value = values.get(offset)
    return value === undefined ? [] : [leafOf({ offset, value })]
  })
}

const leafOf = ({ offset, value }: LogEntry): Leaf => ({
  index: offset,
  bytes: value,
  record: decodeAccessRecord(value),
})
