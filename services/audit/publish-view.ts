import type { OnAlarm } from '#core/alarm.ts'
import { equalBytes, hex } from '#core/bytes.ts'
import { LIMITS } from '#core/limits.ts'
import type { Clock } from '#core/ports/clock.ts'
import type { IntakeStore } from '#core/ports/intake-store.ts'
import type { LogEntry } from '#core/ports/message-log.ts'
import { type Publication, publicationIn } from '#core/publish-record.ts'
import type { TopicView } from '#core/topic-followers.ts'
import { ACCESS_TOPIC } from '#core/topics.ts'
import { Bell } from '#services/audit/bell.ts'

export interface PublishViewDeps {
  /** What `StampView` keeps; this view keeps its own offset of the access topic there. */
  readonly store: IntakeStore
  readonly clock: Clock
  readonly onAlarm: OnAlarm
}

interface Waiting {
  readonly index: number
  readonly sinceMs: number
}

/**
 * Publications that were recorded and whose frame has not come to an intake topic yet. A gateway
 * that crashes between the two writes leaves one, and the publisher's retry completes it; what is
 * still here after `stampWaitMsMax` raises an alarm. Later records of an alert that has come, or
 * waits already, count for nothing.
 */
export class PublishView implements TopicView {
  readonly topics = [ACCESS_TOPIC]
  private readonly deps: PublishViewDeps
  private readonly waiting = new Map<string, Waiting>()
  private readonly fewer = new Bell()
  private next: number
  private isStopped = false

  constructor(deps: PublishViewDeps) {
    this.deps = deps
    this.next = deps.store.nextOffset(ACCESS_TOPIC)
  }

  nextOffset(): number {
    return this.next
  }

  async take(_topic: string, entries: readonly LogEntry[]): Promise<void> {
    for (const { offset, value } of entries) {
      if (offset < this.next) continue
      const publication = publicationIn(value)
      if (publication !== null) await this.add(offset, publication)
      this.next = offset + 1
    }
  }

  /** The frame of this alert has come. */
  stamped(publication: Publication): void {
    if (this.waiting.delete(keyOf(publication))) this.fewer.ring()
  }

  /** Those that have waited too long at `nowMs` of the monotonic clock. */
  overdue(nowMs: number): readonly string[] {
    const isOverdue = ({ sinceMs }: Waiting): boolean => nowMs - sinceMs >= LIMITS.stampWaitMsMax
    return [...this.waiting].filter(([, one]) => isOverdue(one)).map(([key]) => key)
  }

  /** Raises the alarm for those of `keys` that still wait, and lets go of them. */
  giveUp(keys: readonly string[]): void {
    for (const key of keys) {
      const one = this.waiting.get(key)
      if (one === undefined) continue
      const [realm, origin, id] = key.split(' ')
      const why = `${realm} ${origin} ${id}`
      const topic = ACCESS_TOPIC
      this.deps.onAlarm({ what: 'record-without-stamp', topic, offset: one.index, why })
      this.waiting.delete(key)
    }
    this.fewer.ring()
  }

  /** Stores where the next start has to begin. What waits now waits again after a crash. */
  settle(): void {
    const indexes = [...this.waiting.values()].map(({ index }) => index)
    const settled = indexes.reduce((least, index) => Math.min(least, index), this.next)
    const { store } = this.deps
    if (settled > store.nextOffset(ACCESS_TOPIC)) store.apply(ACCESS_TOPIC, [], settled)
  }

  stop(): void {
    this.isStopped = true
    this.fewer.ring()
  }

  private async add(index: number, publication: Publication): Promise<void> {
    const key = keyOf(publication)
    // The topic waits with us: nothing is dropped, and nothing grows.
    while (this.waiting.size >= LIMITS.publishesPendingMax && !this.isStopped) {
      await this.fewer.heard()
    }
    const come = this.deps.store.find(publication.realm, publication)
    if (come !== null && equalBytes(come.digest, publication.digest)) return
    if (!this.waiting.has(key)) {
      this.waiting.set(key, { index, sinceMs: this.deps.clock.monotonicMs() })
    }
  }
}

const keyOf = ({ realm, origin, id, digest }: Publication): string =>
  `${realm} ${origin} ${id} ${hex(digest)}`
