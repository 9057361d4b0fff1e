import { equalBytes } from '#core/bytes.ts'
import { decodeDeadLetter } from '#core/dead-letter.ts'
import type { IntakeStore } from '#core/ports/intake-store.ts'
import type { LogEntry } from '#core/ports/message-log.ts'
import type { TopicView } from '#core/topic-followers.ts'

/** Brings dead letters into the intake store, so that an originator learns why from its status. */
export class DeadLetterView implements TopicView {
  readonly topics: readonly string[]
  private readonly store: IntakeStore

  constructor(topics: readonly string[], store: IntakeStore) {
    this.topics = topics
    this.store = store
  }

  nextOffset(topic: string): number {
    return this.store.nextOffset(topic)
  }

  /** The fates before the offset: a crash in between sets them again, which changes nothing. */
  async take(topic: string, entries: readonly LogEntry[]): Promise<void> {
    for (const { value } of entries) {
      const letter = decodeDeadLetter(value)
      const row = letter && this.store.find(letter.realm, letter)
      // A letter about other bytes of the same id says nothing about the alert that was accepted.
      if (letter && row && equalBytes(row.digest, letter.digest)) {
        this.store.setFate(letter.realm, letter, { state: 'dead-lettered', why: letter.reason })
      }
    }
    const last = entries.at(-1)
    if (last !== undefined) this.store.apply(topic, [], last.offset + 1)
  }
}
