import { decodeAccessRecord } from '#core/access-record.ts'
import type { AgencyId } from '#core/agency.ts'
import type { OnAlarm } from '#core/alarm.ts'
import type { AlertName } from '#core/alert.ts'
import { equalBytes } from '#core/bytes.ts'
import { type DeadLetter, decodeDeadLetter } from '#core/dead-letter.ts'
import type { IntakeRow, IntakeStore } from '#core/ports/intake-store.ts'
import type { LogEntry, MessageLog } from '#core/ports/message-log.ts'
import type { Realm } from '#core/realm.ts'
import type { TopicFollowers, TopicView } from '#core/topic-followers.ts'
import { ACCESS_TOPIC } from '#core/topics.ts'

export interface DeadLetterViewDeps {
  readonly store: IntakeStore
  readonly log: Pick<MessageLog, 'head' | 'read'>
  /** What fills `store` with the alerts that letters are about. */
  readonly intake: Pick<TopicFollowers, 'passed'>
  /** The intake topic of an agency; null when there is no such agency. */
  readonly home: (realm: Realm, origin: AgencyId) => string | null
  readonly onAlarm: OnAlarm
  /** Told of each alert that a letter is about. */
  readonly onCome?: (realm: Realm, name: AlertName) => void
}

/**
 * Brings dead letters into the intake store, so that an originator learns why from its status. A
 * letter is not sealed; what vouches for it is the record that the router wrote before it.
 */
export class DeadLetterView implements TopicView {
  readonly topics: readonly string[]
  private readonly deps: DeadLetterViewDeps

  constructor(topics: readonly string[], deps: DeadLetterViewDeps) {
    this.topics = topics
    this.deps = deps
  }

  nextOffset(topic: string): number {
    return this.deps.store.nextOffset(topic)
  }

  /** The fates before the offset: a crash in between sets them again, which changes nothing. */
  async take(topic: string, entries: readonly LogEntry[]): Promise<void> {
    for (const { offset, value } of entries) {
      const letter = decodeDeadLetter(value)
      if (letter === null || !(await this.isRecorded(letter))) {
        this.deps.onAlarm({ what: 'frame-ignored', topic, offset, why: 'letter-without-record' })
        continue
      }
      const row = await this.rowOf(letter)
      // A letter about other bytes of the same id says nothing about the alert that was accepted.
      if (row && equalBytes(row.digest, letter.digest)) {
        const fate = { state: 'dead-lettered', why: letter.reason } as const
        this.deps.store.setFate(letter.realm, letter, fate)
      }
      this.deps.onCome?.(letter.realm, letter)
    }
    const last = entries.at(-1)
    if (last !== undefined) this.deps.store.apply(topic, [], last.offset + 1)
  }

  private async isRecorded(letter: DeadLetter): Promise<boolean> {
    const { log } = this.deps
    const { recordIndex, realm, origin, id, digest, reason } = letter
    if (recordIndex < 0 || recordIndex >= (await log.head(ACCESS_TOPIC))) return false
    const [entry] = await log.read(ACCESS_TOPIC, recordIndex, 1)
    const record = entry ? decodeAccessRecord(entry.value) : null
    return (
      record?.action === 'DEAD_LETTER' &&
      record.realm === realm &&
      record.alert?.origin === origin &&
      record.alert.id === id &&
      record.alert.digest !== null &&
      equalBytes(record.alert.digest, digest) &&
      record.reasons.includes(reason)
    )
  }

  /**
   * The router may be ahead of this node's intake view, and is so always while that is built again:
   * the letter waits for the alert, or the alert's fate would never be known.
   */
  private async rowOf({ realm, ...name }: DeadLetter): Promise<IntakeRow | null> {
    const { store, log, intake, home } = this.deps
    const row = store.find(realm, name)
    const topic = home(realm, name.origin)
    if (row !== null || topic === null) return row
    await intake.passed(topic, (await log.head(topic)) - 1)
    return store.find(realm, name)
  }
}
