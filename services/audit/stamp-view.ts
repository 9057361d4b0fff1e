import type { OnAlarm } from '#core/alarm.ts'
import { frameFrom, type Stamp } from '#core/frame.ts'
import type { Sha256 } from '#core/hash.ts'
import type { IntakeRow, IntakeStore } from '#core/ports/intake-store.ts'
import type { LogEntry, MessageLog } from '#core/ports/message-log.ts'
import { stampFault } from '#core/publish-record.ts'
import { REALMS } from '#core/realm.ts'
import type { TopicView } from '#core/topic-followers.ts'
import { ACCESS_TOPIC, intakeTopics } from '#core/topics.ts'

export interface StampViewDeps {
  readonly log: MessageLog
  readonly store: IntakeStore
  readonly sha256: Sha256
  readonly onAlarm: OnAlarm
  /** Told of each stamp whose record is there. */
  readonly onStamped: (stamp: Stamp) => void
}

/**
 * Checks the stamps of all intake topics against the access log. A stamp is readable without any
 * seal key, and is no proof: one is kept only if the log has its record. Frames that are none are
 * passed over here; gateways and routers raise the alarm.
 */
export class StampView implements TopicView {
  readonly topics = REALMS.flatMap(intakeTopics)
  private readonly deps: StampViewDeps

  constructor(deps: StampViewDeps) {
    this.deps = deps
  }

  nextOffset(topic: string): number {
    return this.deps.store.nextOffset(topic)
  }

  async take(topic: string, entries: readonly LogEntry[]): Promise<void> {
    const last = entries.at(-1)
    if (last === undefined) return
    // A record is durable before its frame is appended, so this head is behind all true ones.
    const head = await this.deps.log.head(ACCESS_TOPIC)
    const rows: IntakeRow[] = []
    const stamps: Stamp[] = []
    for (const { offset, value } of entries) {
      const stamp = frameFrom(value)?.stamp
      if (stamp === undefined) continue
      const fault = await this.faultOf(topic, stamp, head)
      if (fault !== null) {
        this.deps.onAlarm({ what: 'stamp-without-record', topic, offset, why: fault })
        continue
      }
      rows.push(rowOf(offset, stamp))
      stamps.push(stamp)
    }
    this.deps.store.apply(topic, rows, last.offset + 1)
    for (const stamp of stamps) this.deps.onStamped(stamp)
  }

  private async faultOf(topic: string, stamp: Stamp, head: number): Promise<string | null> {
    if (!topic.startsWith(`${stamp.realm}.`)) return 'other-realm'
    const { index } = stamp.publishRecord
    const [entry] = index < head ? await this.deps.log.read(ACCESS_TOPIC, index, 1) : []
    return stampFault(stamp, entry?.value ?? null, this.deps.sha256)
  }
}

const rowOf = (offset: number, stamp: Stamp): IntakeRow => {
  const { realm, origin, id, digest, publishRecord, acceptedAtMs } = stamp
  const publishRecordIndex = publishRecord.index
  return { realm, origin, id, offset, digest, publishRecordIndex, acceptedAtMs, fate: null }
}
