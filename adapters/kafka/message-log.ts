import { AppendQueue } from '#adapters/kafka/append-queue.ts'
import type { KafkaEvent, KafkaOptions } from '#adapters/kafka/client.ts'
import { FetchClient } from '#adapters/kafka/fetch.ts'
import { Follows } from '#adapters/kafka/follow.ts'
import { patiently } from '#adapters/kafka/patience.ts'
import { Producers } from '#adapters/kafka/producers.ts'
import { readEntries } from '#adapters/kafka/read.ts'
import { Sockets } from '#adapters/kafka/socket.ts'
import { ensureKafkaTopics } from '#adapters/kafka/topics.ts'
import { AppendBudget } from '#core/append-budget.ts'
import { LIMITS } from '#core/limits.ts'
import {
  type AppendOptions,
  appendBytes,
  checkReadRange,
  type LogEntry,
  LogUnavailable,
  type MessageLog,
} from '#core/ports/message-log.ts'

/** Opens the log that a Kafka cluster keeps. Rejects with `LogUnavailable` when none of its
 * brokers answers within `openMsMax`. */
export const openKafkaLog = async (options: KafkaOptions): Promise<MessageLog> => {
  const sockets = new Sockets()
  const client = new FetchClient(options, sockets.factory)
  try {
    await patiently(options.openMsMax ?? LIMITS.logOpenMsMax, () => client.connect())
  } catch (error) {
    await client.close()
    const brokers = options.brokers.join(', ')
    const why = error instanceof Error ? error.message : error
    throw new LogUnavailable(`no Kafka broker answers at ${brokers}: ${why}`, { cause: error })
  }
  return new KafkaLog(options, client, sockets)
}

class KafkaLog implements MessageLog {
  readonly #options: KafkaOptions
  readonly #client: FetchClient
  readonly #sockets: Sockets
  readonly #producers: Producers
  readonly #follows: Follows
  readonly #queues = new Map<string, AppendQueue>()
  readonly #budget = new AppendBudget()
  readonly #appends = new Set<Promise<unknown>>()
  readonly #stopped = new AbortController()
  #closing: Promise<void> | undefined

  constructor(options: KafkaOptions, client: FetchClient, sockets: Sockets) {
    this.#options = options
    this.#client = client
    this.#sockets = sockets
    this.#producers = new Producers(options, sockets.factory)
    this.#follows = new Follows(client, (event) => this.#tell(event))
  }

  async append(
    topic: string,
    entries: readonly Uint8Array[],
    { lane = 'ordinary' }: AppendOptions = {},
  ): Promise<readonly number[]> {
    const bytes = appendBytes(entries)
    this.#checkOpen()
    const appended = this.#queue(this.#named(topic)).append(entries, { bytes, lane })
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
    return readEntries(this.#client, { topic: this.#named(topic), from, limit })
  }

  async *follow(
    topic: string,
    from: number,
    signal: AbortSignal,
  ): AsyncGenerator<readonly LogEntry[]> {
    checkReadRange(from, 1)
    yield* this.#follows.follow(this.#named(topic), from, signal)
  }

  async head(topic: string): Promise<number> {
    this.#checkOpen()
    return patiently(LIMITS.logReadMsMax, () => this.#client.head(this.#named(topic)))
  }

  async ensureTopics(topics: readonly string[]): Promise<void> {
    this.#checkOpen()
    const names = topics.map((topic) => this.#named(topic))
    await ensureKafkaTopics(this.#client, this.#options, names)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const followed = this.#follows.close()
    // Each is settled by its deadline; what is still with a producer then is given up.
    await Promise.allSettled(this.#appends)
    this.#stopped.abort()
    // Nobody waits any longer for what a silent broker was asked.
    const timer = setTimeout(() => this.#sockets.cut(), LIMITS.logCloseMsMax)
    await followed
    await Promise.all([...this.#queues.values()].map((queue) => queue.idle()))
    await this.#producers.close()
    await this.#client.close()
    clearTimeout(timer)
  }

  /** The topic as the cluster knows it. */
  #named(topic: string): string {
    return `${this.#options.topicPrefix ?? ''}${topic}`
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
      budget: this.#budget,
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
