import type { OnAlarm } from '#core/alarm.ts'
import type { AlertName } from '#core/alert.ts'
import { equalBytes } from '#core/bytes.ts'
import {
  type AuthenticFrame,
  type CheckFrameDeps,
  checkFrame,
  type FrameCheck,
} from '#core/check-frame.ts'
import type { AlertIndex, NewAlert } from '#core/ports/alert-index.ts'
import type { LogEntry } from '#core/ports/message-log.ts'
import type { Realm } from '#core/realm.ts'
import { TopicBlocked, type TopicView } from '#core/topic-followers.ts'
import { topicsOf } from '#core/topics.ts'

export interface AlertViewDeps extends CheckFrameDeps {
  readonly index: AlertIndex
  readonly onAlarm: OnAlarm
  /** Told of each alert that came in, also of one that was there before. */
  readonly onCome?: (realm: Realm, name: AlertName) => void
}

/**
 * Brings the alert topics into the alert index. Checks signature, topic and label again, so that a
 * frame forged into a topic, or repeated there, never reaches a reader.
 */
export class AlertView implements TopicView {
  readonly topics: readonly string[]
  private readonly deps: AlertViewDeps

  constructor(topics: readonly string[], deps: AlertViewDeps) {
    this.topics = topics
    this.deps = deps
  }

  nextOffset(topic: string): number {
    return this.deps.index.nextOffset(topic)
  }

  async take(topic: string, entries: readonly LogEntry[]): Promise<void> {
    const checks = await Promise.all(entries.map(({ value }) => checkFrame(value, this.deps)))
    const alerts = entries.flatMap((entry, at) => this.judge(topic, entry, checks[at]))
    const last = entries.at(-1)
    if (last === undefined) return
    this.deps.index.apply(topic, alerts, last.offset + 1)
    for (const check of checks) {
      if (check.state === 'authentic')
        this.deps.onCome?.(check.value.alert.realm, check.value.alert)
    }
  }

  private judge(topic: string, entry: LogEntry, check: FrameCheck | undefined): NewAlert[] {
    const { offset } = entry
    if (check === undefined || check.state === 'blocked') {
      throw new TopicBlocked(`${topic} at ${offset}: ${check?.why ?? 'no check'}`, offset)
    }
    if (check.state !== 'authentic') {
      this.deps.onAlarm({ what: `frame-${check.state}`, topic, offset, why: check.why })
      return []
    }
    const topics = this.topicsOf(check.value)
    if (!topics.includes(topic)) {
      this.deps.onAlarm({ what: 'frame-ignored', topic, offset, why: 'wrong-topic' })
      return []
    }
    // An alert stands in the feed at one place: in the first of its topics that this node follows.
    if (topics.find((one) => this.topics.includes(one)) === topic) {
      return this.unlessOther(topic, offset, check.value) ? [alertOf(entry, check.value)] : []
    }
    this.unlessOther(topic, offset, check.value)
    return []
  }

  private topicsOf({ alert }: AuthenticFrame): readonly string[] {
    const home = this.deps.directory.state.agencies.get(alert.origin)?.home
    return home === undefined ? [] : topicsOf(alert.realm, alert.label, home)
  }

  private unlessOther(topic: string, offset: number, { frame }: AuthenticFrame): boolean {
    const known = this.deps.index.find(frame.stamp.realm, frame.stamp)
    if (known === null) return true
    if (!equalBytes(known.digest, frame.stamp.digest)) {
      this.deps.onAlarm({ what: 'id-conflict', topic, offset })
    }
    return false
  }
}

const alertOf = ({ offset, value }: LogEntry, { frame, alert }: AuthenticFrame): NewAlert => ({
  realm: alert.realm,
  origin: alert.origin,
  id: alert.id,
  offset,
  digest: frame.stamp.digest,
  label: alert.label,
  kind: alert.kind,
  precedence: alert.precedence,
  acceptedAtMs: frame.stamp.acceptedAtMs,
  expiresAtMs: alert.expiresAtMs,
  frame: value,
  marks: alert.references.flatMap(({ relation, id, digest }) =>
    relation === 'RECALLS' || relation === 'SUPERSEDES' ? [{ relation, id, digest }] : [],
  ),
})
