import { accessLeafHashes, LogBroken } from '#core/access-leaves.ts'
import { decodeAccessRecord } from '#core/access-record.ts'
import type { OnAlarm } from '#core/alarm.ts'
import { hex } from '#core/bytes.ts'
import type { Sha256 } from '#core/hash.ts'
import { LIMITS } from '#core/limits.ts'
import type { LogEntry, MessageLog } from '#core/ports/message-log.ts'
import type { RecordIndex, RecordRow } from '#core/ports/record-index.ts'
import { readRange } from '#core/read-range.ts'
import { TopicBlocked, type TopicView } from '#core/topic-followers.ts'
import { ACCESS_TOPIC } from '#core/topics.ts'

export interface RecordViewDeps {
  readonly log: MessageLog
  readonly index: RecordIndex
  readonly sha256: Sha256
  readonly onAlarm: OnAlarm
}

/**
 * Keeps the record index in step with the access topic, by itself: neither it nor the tree waits
 * for the other.
 *
 * A re-sent append may have become a second leaf with the same bytes (the salt is the same). Both
 * stay leaves; the index finds only the first, if the second came within `doublesWindowLeaves`:
 * its row is empty, as that of a leaf which is no record.
 */
export class RecordView implements TopicView {
  readonly topics = [ACCESS_TOPIC]
  private readonly deps: RecordViewDeps
  private recent = new RecentLeaves()
  private hasRecent = false

  constructor(deps: RecordViewDeps) {
    this.deps = deps
  }

  nextOffset(): number {
    return this.deps.index.nextIndex()
  }

  async take(topic: string, entries: readonly LogEntry[]): Promise<void> {
    await this.recallRecent()
    const hashes = this.leafHashes(entries)
    // Until the rows are in, what is remembered runs ahead of them: a take that fails recalls.
    this.hasRecent = false
    const rows = entries.map(({ offset, value }, at): RecordRow => {
      if (!this.recent.isNew(hashes[at])) return { index: offset, record: null }
      const row = rowOf(offset, value)
      if (row.record === null) this.deps.onAlarm({ what: 'record-unreadable', topic, offset })
      return row
    })
    this.deps.index.apply(rows)
    this.hasRecent = true
  }

  private leafHashes(entries: readonly LogEntry[]): readonly Uint8Array[] {
    try {
      return accessLeafHashes(this.deps.sha256, this.nextOffset(), entries)
    } catch (error) {
      // Tried again it would be the same: the tree's keeper stops for it, too.
      if (error instanceof LogBroken) throw new TopicBlocked(error.message)
      throw error
    }
  }

  /** The window reaches back before a restart, or a double could come in over one. */
  private async recallRecent(): Promise<void> {
    if (this.hasRecent) return
    const to = this.nextOffset()
    const from = Math.max(0, to - LIMITS.doublesWindowLeaves)
    this.recent = new RecentLeaves()
    let next = from
    for await (const entries of readRange(this.deps.log, ACCESS_TOPIC, { from, to })) {
      for (const hash of accessLeafHashes(this.deps.sha256, next, entries)) {
        this.recent.isNew(hash)
      }
      next += entries.length
    }
    this.hasRecent = true
  }
}

/**
 * The hashes of the last leaves. A ring says which is the oldest: a map from which the first is
 * deleted again and again takes longer and longer to say it.
 */
class RecentLeaves {
  private readonly ring: string[] = []
  /** By hash, the last place that it had among all leaves. */
  private readonly places = new Map<string, number>()
  private count = 0

  /** Whether none of the last leaves has this hash; remembers it. */
  isNew(hash: Uint8Array = new Uint8Array(0)): boolean {
    const key = hex(hash)
    const isNew = !this.places.has(key)
    const slot = this.count % LIMITS.doublesWindowLeaves
    const oldest = this.ring[slot]
    const oldestPlace = this.count - LIMITS.doublesWindowLeaves
    if (oldest !== undefined && this.places.get(oldest) === oldestPlace) this.places.delete(oldest)
    this.ring[slot] = key
    this.places.set(key, this.count)
    this.count += 1
    return isNew
  }
}

const rowOf = (index: number, bytes: Uint8Array): RecordRow => {
  const record = decodeAccessRecord(bytes)
  if (record === null) return { index, record: null }
  const { timeMs, realm, principal, agency, action, outcome } = record
  const alert = record.alert && { origin: record.alert.origin, id: record.alert.id }
  return { index, record: { timeMs, realm, principal, agency, action, outcome, alert } }
}
