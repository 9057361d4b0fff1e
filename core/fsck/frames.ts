import { frameFrom, type Stamp } from '#core/frame.ts'
import type { FsckFindings } from '#core/fsck/findings.ts'
import type { Sha256 } from '#core/hash.ts'
import {
  type LogEntry,
  type MessageLog,
  OffsetGone,
  UnknownTopic,
} from '#core/ports/message-log.ts'
import { stampFault } from '#core/publish-record.ts'
import { readAt, readRange } from '#core/read-range.ts'
import { REALMS } from '#core/realm.ts'
import { ACCESS_TOPIC, alertTopics, intakeTopics } from '#core/topics.ts'

interface FramesDeps {
  readonly log: MessageLog
  readonly sha256: Sha256
}

/** Checks that all entries of intake and alert topics are frames, and that their stamps quote
 * records of publication which the access log has. */
export const checkFrames = async (deps: FramesDeps, findings: FsckFindings): Promise<void> => {
  const topics = REALMS.flatMap((realm) => [...intakeTopics(realm), ...alertTopics(realm)])
  const heads: { topic: string; head: number }[] = []
  for (const topic of topics) {
    const head = await headOf(deps, topic, findings)
    findings.expect(head)
    heads.push({ topic, head })
  }
  for (const { topic, head } of heads) await checkTopic(deps, topic, head, findings)
}

const headOf = async (
  { log }: FramesDeps,
  topic: string,
  findings: FsckFindings,
): Promise<number> => {
  try {
    return await log.head(topic)
  } catch (error) {
    if (!(error instanceof UnknownTopic)) throw error
    findings.problem(`${topic} does not exist`)
    return 0
  }
}

const checkTopic = async (
  deps: FramesDeps,
  topic: string,
  head: number,
  findings: FsckFindings,
): Promise<void> => {
  let next = 0
  try {
    for await (const entries of readRange(deps.log, topic, { from: 0, to: head })) {
      await checkBatch(deps, topic, entries, findings)
      next += entries.length
      findings.advance(entries.length)
    }
  } catch (error) {
    if (!(error instanceof OffsetGone)) throw error
    findings.problem(`${topic} entry ${next} is missing`)
  }
}

interface Stamped {
  readonly offset: number
  readonly stamp: Stamp
}

const checkBatch = async (
  { log, sha256 }: FramesDeps,
  topic: string,
  entries: readonly LogEntry[],
  findings: FsckFindings,
): Promise<void> => {
  const stamped: Stamped[] = []
  for (const { offset, value } of entries) {
    const stamp = frameFrom(value)?.stamp
    if (stamp === undefined) findings.problem(`${topic} entry ${offset}: is no frame`)
    else stamped.push({ offset, stamp })
  }
  // Asked behind the frames: their records were durable before them.
  const head = await log.head(ACCESS_TOPIC)
  const indexes = stamped.map(({ stamp }) => stamp.publishRecord.index)
  const leaves = await accessLeaves(
    log,
    indexes.filter((index) => index < head),
  )
  for (const { offset, stamp } of stamped) {
    const { index } = stamp.publishRecord
    const fault = stampFault(stamp, leaves.get(index) ?? null, sha256)
    if (fault === null) continue
    findings.problem(`${topic} entry ${offset}: quotes access entry ${index}: ${MEANS[fault]}`)
  }
}

const MEANS = {
  'no-such-record': 'it is not there',
  'other-record': 'it has another leaf hash',
  'other-alert': 'it is not the publication of this alert',
} as const

/** None when some are lost: then the tree's check has named the first. */
const accessLeaves = async (
  log: MessageLog,
  indexes: readonly number[],
): Promise<ReadonlyMap<number, Uint8Array>> => {
  try {
    return await readAt(log, ACCESS_TOPIC, indexes)
  } catch (error) {
    if (error instanceof OffsetGone) return new Map()
    throw error
  }
}
