import type { OnAlarm } from '#core/alarm.ts'
import type { AlertName } from '#core/alert.ts'
import { equalBytes } from '#core/bytes.ts'
import { type AuthenticFrame, type CheckFrameDeps, checkFrame } from '#core/check-frame.ts'
import type { IntakeRow, IntakeStore } from '#core/ports/intake-store.ts'
import type { LogEntry } from '#core/ports/message-log.ts'
import type { Realm } from '#core/realm.ts'
import { TopicBlocked, type TopicView } from '#core/topic-followers.ts'
import { intakeTopic } from '#core/topics.ts'

/** A frame of an intake topic, judged. */
export type IntakeEntry =
  | {
      readonly state: 'first' | 'again' | 'conflict'
      readonly offset: number
      readonly value: AuthenticFrame
    }
  | { readonly state: 'ignored' | 'erased'; readonly offset: number; readonly why: string }

export interface IntakeViewDeps extends CheckFrameDeps {
  readonly store: IntakeStore
  readonly onAlarm: OnAlarm
}

/**
 * Which bytes an (origin, id) stands for: the first valid frame in the intake topic decides.
 * Gateways and routers keep this view each for themselves, and come to the same one.
 */
export class IntakeView implements TopicView {
  readonly topics: readonly string[]
  private readonly deps: IntakeViewDeps

  constructor(topics: readonly string[], deps: IntakeViewDeps) {
    this.topics = topics
    this.deps = deps
  }

  nextOffset(topic: string): number {
    return this.deps.store.nextOffset(topic)
  }

  find(realm: Realm, name: AlertName): IntakeRow | null {
    return this.deps.store.find(realm, name)
  }

  async take(topic: string, entries: readonly LogEntry[]): Promise<void> {
    this.commit(topic, entries, await this.judge(topic, entries))
  }

  /** Judges entries without applying them, so that a router can act before it commits. */
  async judge(topic: string, entries: readonly LogEntry[]): Promise<readonly IntakeEntry[]> {
    const checks = await Promise.all(entries.map(({ value }) => checkFrame(value, this.deps)))
    const seen = new Map<string, Uint8Array>()
    return entries.map(({ offset }, at): IntakeEntry => {
      const check = checks[at]
      if (check === undefined || check.state === 'blocked') {
        throw new TopicBlocked(`${topic} at ${offset}: ${check?.why ?? 'no check'}`, offset)
      }
      if (check.state !== 'authentic') return this.passOver(topic, offset, check)
      const { value } = check
      if (!this.isAtHome(topic, value)) {
        return this.passOver(topic, offset, { state: 'ignored', why: 'wrong-topic' })
      }
      return { state: this.rank(topic, offset, value, seen), offset, value }
    })
  }

  /** Applies what was judged: rows and next offset in one transaction. */
  commit(topic: string, entries: readonly LogEntry[], judged: readonly IntakeEntry[]): void {
    const last = entries.at(-1)
    if (last === undefined) return
    const rows = judged.flatMap((entry) => (entry.state === 'first' ? [rowOf(entry)] : []))
    this.deps.store.apply(topic, rows, last.offset + 1)
  }

  private rank(
    topic: string,
    offset: number,
    { frame: { stamp } }: AuthenticFrame,
    seen: Map<string, Uint8Array>,
  ): 'first' | 'again' | 'conflict' {
    const key = `${stamp.realm} ${stamp.origin} ${stamp.id}`
    const digest = seen.get(key) ?? this.deps.store.find(stamp.realm, stamp)?.digest
    if (digest === undefined) {
      seen.set(key, stamp.digest)
      return 'first'
    }
    if (equalBytes(digest, stamp.digest)) return 'again'
    this.deps.onAlarm({ what: 'id-conflict', topic, offset })
    return 'conflict'
  }

  private isAtHome(topic: string, { frame: { stamp } }: AuthenticFrame): boolean {
    const agency = this.deps.directory.state.agencies.get(stamp.origin)
    return agency !== undefined && topic === intakeTopic(stamp.realm, agency.home)
  }

  private passOver(
    topic: string,
    offset: number,
    { state, why }: { readonly state: 'ignored' | 'erased'; readonly why: string },
  ): IntakeEntry {
    this.deps.onAlarm({ what: `frame-${state}`, topic, offset, why })
    return { state, offset, why }
  }
}

const rowOf = (entry: Extract<IntakeEntry, { value: AuthenticFrame }>): IntakeRow => {
  const { realm, origin, id, digest, publishRecord, acceptedAtMs } = entry.value.frame.stamp
  const { offset } = entry
  const publishRecordIndex = publishRecord.index
  return { realm, origin, id, offset, digest, publishRecordIndex, acceptedAtMs, fate: null }
}
