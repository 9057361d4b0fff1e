import { actionIn, decodeAccessRecord } from '#core/access-record.ts'
import type { Acknowledgement, AcknowledgementStore } from '#core/ports/acknowledgement-store.ts'
import type { LogEntry } from '#core/ports/message-log.ts'
import type { TopicView } from '#core/topic-followers.ts'
import { ACCESS_TOPIC } from '#core/topics.ts'

/**
 * Brings the acknowledgements that stand in the access topic into a store, so that every gateway
 * knows of all of them, whichever took them. Believes what stands there: who can write to the topic
 * can keep a reminder back, and his record stays.
 */
export class AcknowledgementView implements TopicView {
  readonly topics = [ACCESS_TOPIC]
  private readonly store: AcknowledgementStore

  constructor(store: AcknowledgementStore) {
    this.store = store
  }

  nextOffset(topic: string): number {
    return this.store.nextOffset(topic)
  }

  async take(topic: string, entries: readonly LogEntry[]): Promise<void> {
    const last = entries.at(-1)
    if (last !== undefined) this.store.apply(topic, entries.flatMap(inEntry), last.offset + 1)
  }
}

/** What cannot be read acknowledges nothing; the audit service alarms on it. */
const inEntry = ({ offset, value }: LogEntry): readonly Acknowledgement[] => {
  if (actionIn(value) !== 'ACKNOWLEDGE') return []
  const record = decodeAccessRecord(value)
  if (record?.outcome !== 'ALLOWED' || record.agency === null || record.alert === null) return []
  const { realm, agency, alert } = record
  const { origin, id, digest } = alert
  return digest === null ? [] : [{ realm, origin, id, digest, agency, offset }]
}
