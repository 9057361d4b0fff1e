import { type AccessRecord, decodeAccessRecord } from '#core/access-record.ts'
import { LIMITS } from '#core/limits.ts'
import { type LogEntry, type MessageLog, OffsetGone } from '#core/ports/message-log.ts'
import { readRange } from '#core/read-range.ts'
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

/** The leaves of these indexes, in their order. Neighbours are read together. */
export const readLeaves = async (
  log: MessageLog,
  indexes: readonly number[],
): Promise<readonly Leaf[]> => {
  const wanted = new Set(indexes)
  const found = new Map<number, Leaf>()
  const runs = runsOf(indexes)
  for (let at = 0; at < runs.length; at += LIMITS.recordReadsAtOnceMax) {
    const some = runs.slice(at, at + LIMITS.recordReadsAtOnceMax)
    for (const leaf of (await Promise.all(some.map((run) => readRun(log, run, wanted)))).flat()) {
      found.set(leaf.index, leaf)
    }
  }
  return indexes.flatMap((index) => found.get(index) ?? [])
}

interface Run {
  readonly from: number
  readonly to: number
}

/** To read over a gap as long as this costs less than to ask again. */
const GAP_MAX = 16

const runsOf = (indexes: readonly number[]): readonly Run[] => {
  const runs: { from: number; to: number }[] = []
  for (const index of indexes.toSorted((a, b) => a - b)) {
    const last = runs.at(-1)
    if (last !== undefined && index - last.to <= GAP_MAX) last.to = index + 1
    else runs.push({ from: index, to: index + 1 })
  }
  return runs
}

const readRun = async (
  log: MessageLog,
  run: Run,
  wanted: ReadonlySet<number>,
): Promise<readonly Leaf[]> => {
  const leaves: Leaf[] = []
  for await (const entries of readRange(log, ACCESS_TOPIC, run)) {
    leaves.push(...entries.filter(({ offset }) => wanted.has(offset)).map(leafOf))
  }
  return leaves
}

const leafOf = ({ offset, value }: LogEntry): Leaf => ({
  index: offset,
  bytes: value,
  record: decodeAccessRecord(value),
})
