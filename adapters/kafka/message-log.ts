import { AppendQueue } from '#adapters/kafka/append-queue.ts'
import type { KafkaEvent, KafkaOptions } from '#adapters/kafka/client.ts'
import { FetchClient } from '#adapters/kafka/fetch.ts'
import { Follows } from '#adapters/kafka/follow.ts'
import { patiently } from '#adapters/kafka/patience.ts'
import { Producers } from '#adapters/kafka/producers.ts'
import { readEntries } from '#adapters/kafka/read.ts'
import { ensureKafkaTopics } from '#adapters/kafka/topics.ts'
import { LIMITS } from '#core/limits.ts'
import {
  appendBytes,
  checkReadRange,
  type LogEntry,
  LogUnavailable,
  type MessageLog,
} from '#core/ports/message-log.ts'

/** Opens the log that a Kafka cluster keeps. Rejects with `LogUnavailable` when none of its
 * brokers answers within `openMsMax`. */
export const openKafkaLog = async (options: KafkaOptions): Promise<MessageLog> => {
  const client = new FetchClient(options)
  try {
    await patiently(options.openMsMax ?? LIMITS.logOpenMsMax, () => client.connect())
  } catch (error) {
    await client.close()
    const brokers = options.brokers.join(', ')
    throw new LogUnavailable(`no Kafka broker answers at ${brokers}: ${error}`, { cause: error })
  }
  return new KafkaLog(options, client)
}

class KafkaLog implements MessageLog {
  readonly #options: KafkaOptions
  readonly #client: FetchClient
  readonly #producers: Producers
  readonly #follows: Follows
  readonly #queues = new Map<string, AppendQueue>()
  readonly #waiting = { appends: 0, bytes: 0 }
  readonly #appends = new Set<Promise<unknown>>()
  readonly #stopped = new AbortController()
  #closing: Promise<void> | undefined

  constructor(options: KafkaOptions, client: FetchClient) {
    this.#options = options
    this.#client = client
    this.#producers = new Producers(options)
    this.#follows = new Follows(client, (event) => this.#tell(event))
  }

  async append(topic: string, entries: readonly Uint8Array[]): Promise<readonly number[]> {
    const bytes = appendBytes(entries)
    this.#checkOpen()
    const appended = this.#queue(topic).append(entries, bytes)
    this.#appends.add(appended)
    try {
      return await appended
    } finally {
      this.#appends.delete(appended)
    }
  }

  async read(topic: string, from: number, limit: number): Promise<readonly LogEntry[]> {
    checkReadRange(from, limit)
    this.#checkOpen()
    return readEntries(this.#client, { topic, from, limit })
  }

  async *follow(
    topic: string,
    from: number,
    signal: AbortSignal,
  ): AsyncGenerator<readonly LogEntry[]> {
    checkReadRange(from, 1)
    yield* this.#follows.follow(topic, from, signal)
  }

  async head(topic: string): Promise<number> {
    this.#checkOpen()
    return patiently(LIMITS.logReadMsMax, () => this.#client.head(topic))
  }

  async ensureTopics(topics: readonly string[]): Promise<void> {
    this.#checkOpen()
    await ensureKafkaTopics(this.#client, this.#options, topics)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#follows.close()
    // Each is settled by its deadline; what is still with a producer then is given up.
    await Promise.allSettled(this.#appends)
    this.#stopped.abort()
    await Promise.all([...this.#queues.values()].map((queue) => queue.idle()))
    await this.#producers.close()
    await this.#client.close()
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new LogUnavailable('the log is closed')
  }

  #queue(topic: string): AppendQueue {
    const known = this.#queues.get(topic)
    if (known !== undefined) return known
    const queue = new AppendQueue({
      topic,
      appendMsMax: this.#options.appendMsMax ?? LIMITS.logAppendMsMax,
      findTopic: () => this.#client.leader(topic),
      lease: () => this.#producers.lease(),
      waiting: this.#waiting,
      stopped: this.#stopped.signal,
      onFault: (error) => this.#tell({ level: 'warn', message: `cannot append: ${error}`, topic }),
      onUnknown: () => this.#queues.delete(topic),
    })
    this.#queues.set(topic, queue)
    return queue
  }

  #tell(event: KafkaEvent): void {
    this.#options.onEvent?.(event)
  }
}
