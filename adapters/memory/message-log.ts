import { EventEmitter, once } from 'node:events'
import { LIMITS } from '#core/limits.ts'
import {
  appendBytes,
  checkReadRange,
  type LogEntry,
  LogUnavailable,
  type MessageLog,
  OffsetGone,
  UnknownTopic,
} from '#core/ports/message-log.ts'

/** What survives a log that is closed: the entries of each topic, `undefined` where one is gone. */
export type MemoryStore = Map<string, (Uint8Array | undefined)[]>

/** A log in memory, for tests of what stands on a log. Nothing waits: an append is done at once. */
export const openMemoryLog = (store: MemoryStore = new Map()): MessageLog => new MemoryLog(store)

class MemoryLog implements MessageLog {
  readonly #store: MemoryStore
  readonly #appended = new EventEmitter().setMaxListeners(0)
  #closed = false

  constructor(store: MemoryStore) {
    this.#store = store
  }

  async append(topic: string, entries: readonly Uint8Array[]): Promise<readonly number[]> {
    appendBytes(entries)
    const values = this.#values(topic)
    const first = values.length
    values.push(...entries.map((entry) => entry.slice()))
    this.#appended.emit(`to ${topic}`)
    return entries.map((_, index) => first + index)
  }

  async read(topic: string, from: number, limit: number): Promise<readonly LogEntry[]> {
    return this.#read(topic, from, limit)
  }

  async *follow(
    topic: string,
    from: number,
    signal: AbortSignal,
  ): AsyncGenerator<readonly LogEntry[]> {
    let next = from
    while (!signal.aborted) {
      const entries = this.#read(topic, next, LIMITS.followBatchEntriesMax)
      if (entries.length > 0) yield entries
      else await once(this.#appended, `to ${topic}`, { signal }).catch(() => 'aborted')
      next += entries.length
    }
  }

  async head(topic: string): Promise<number> {
    return this.#values(topic).length
  }

  async ensureTopics(topics: readonly string[]): Promise<void> {
    if (this.#closed) throw new LogUnavailable('the log is closed')
    for (const topic of topics) if (!this.#store.has(topic)) this.#store.set(topic, [])
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const topic of this.#store.keys()) this.#appended.emit(`to ${topic}`)
  }

  #read(topic: string, from: number, limit: number): readonly LogEntry[] {
    checkReadRange(from, limit)
    const values = this.#values(topic)
    const entries: LogEntry[] = []
    let bytes = 0
    for (let offset = from; offset < values.length && entries.length < limit; offset += 1) {
      const value = values[offset]
      bytes += value?.length ?? 0
      if (value === undefined || (entries.length > 0 && bytes > LIMITS.readBytesMax)) break
      entries.push({ offset, value: value.slice() })
    }
    if (entries.length === 0 && from !== values.length) {
      throw new OffsetGone(`${topic} has no entry ${from}; its head is ${values.length}`)
    }
    return entries
  }

  #values(topic: string): (Uint8Array | undefined)[] {
    if (this.#closed) throw new LogUnavailable('the log is closed')
    const values = this.#store.get(topic)
    if (values === undefined) throw new UnknownTopic(topic)
    return values
  }
}
