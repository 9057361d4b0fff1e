import { setTimeout } from 'node:timers/promises'
import type { KafkaEvent } from '#adapters/kafka/client.ts'
import { BrokerFault, ERRORS, type FetchClient, type Slice } from '#adapters/kafka/fetch.ts'
import { LIMITS } from '#core/limits.ts'
import { type LogEntry, LogUnavailable, OffsetGone } from '#core/ports/message-log.ts'

/**
 * All follows of one process. Each broker is asked by one loop, in one request for all the topics
 * that it leads and that somebody follows; the request waits at the broker until one of them has
 * an entry. A feed whose reader has not taken what is there already is left out of it.
 */
export class Follows {
  readonly #client: FetchClient
  readonly #onEvent: (event: KafkaEvent) => void
  readonly #feeds = new Set<Feed>()
  readonly #loops = new Map<number, Promise<void>>()
  readonly #closed = new AbortController()
  #round = 0

  constructor(client: FetchClient, onEvent: (event: KafkaEvent) => void) {
    this.#client = client
    this.#onEvent = onEvent
  }

  async *follow(
    topic: string,
    from: number,
    signal: AbortSignal,
  ): AsyncGenerator<readonly LogEntry[]> {
    if (this.#closed.signal.aborted) throw new LogUnavailable('the log is closed')
    const feed = new Feed(topic, from)
    this.#feeds.add(feed)
    void this.#place(feed)
    try {
      for (;;) {
        const batch = await feed.take(signal)
        if (batch === undefined) return
        if (feed.node !== undefined) this.#start(feed.node)
        yield batch
      }
    } finally {
      feed.end()
      this.#feeds.delete(feed)
    }
  }

  async close(): Promise<void> {
    this.#closed.abort()
    for (const feed of this.#feeds) feed.fail(new LogUnavailable('the log is closed'))
    await Promise.all(this.#loops.values())
  }

  /** Finds the broker that leads the feed's topic, however long it takes. */
  async #place(feed: Feed): Promise<void> {
    while (!feed.isOver) {
      try {
        feed.node = await this.#client.leader(feed.topic)
        return this.#start(feed.node)
      } catch (error) {
        if (!(error instanceof BrokerFault)) return feed.fail(error)
        await this.#pause(feed)
      }
    }
  }

  async #placeAgain(feed: Feed): Promise<void> {
    feed.node = undefined
    this.#client.forget(feed.topic)
    await this.#pause(feed)
    await this.#place(feed)
  }

  async #pause(feed: Feed): Promise<void> {
    feed.faults += 1
    const ms = Math.min(50 * 2 ** feed.faults, LIMITS.logRetryMsMax)
    await setTimeout(ms, undefined, { signal: this.#closed.signal }).catch(() => 'closed')
  }

  #start(node: number): void {
    if (!this.#loops.has(node)) this.#loops.set(node, this.#loop(node))
  }

  async #loop(node: number): Promise<void> {
    for (;;) {
      const feeds = [...this.#feeds].filter((feed) => feed.node === node && feed.isHungry)
      // In one step with the look: a feed that becomes hungry a moment later finds no loop.
      if (feeds.length === 0) return void this.#loops.delete(node)
      await this.#fetch(node, feeds)
    }
  }

  async #fetch(node: number, feeds: readonly Feed[]): Promise<void> {
    const { asked, isUneven } = chooseFeeds(feeds)
    const froms = new Map([...asked].map(([topic, feed]) => [topic, feed.next]))
    const wants = [...froms].map(([topic, from]) => ({
      topic,
      from,
      bytesMax: LIMITS.followAheadBytesMax,
    }))
    const waitMs = isUneven ? 0 : LIMITS.followPollMsMax
    try {
      const bytesMax = LIMITS.readBytesMax
      const slices = await this.#client.fetch(node, wants, { waitMs, bytesMax })
      this.#round += 1
      await Promise.all(
        feeds.map((feed) => {
          const slice = slices.get(feed.topic)
          const isServed = slice !== undefined && feed.next === froms.get(feed.topic)
          return isServed ? this.#serve(feed, slice) : undefined
        }),
      )
    } catch (error) {
      if (feeds.some(({ faults }) => faults === 0)) {
        this.#onEvent({ level: 'warn', message: `cannot follow broker ${node}: ${error}` })
      }
      for (const feed of feeds) void this.#placeAgain(feed)
    }
  }

  async #serve(feed: Feed, slice: Slice): Promise<void> {
    if (slice.errorCode === ERRORS.none && !slice.isGone) {
      feed.faults = 0
      if (slice.entries.length > 0) feed.lastRound = this.#round
      return feed.accept(slice.entries)
    }
    if (slice.isGone || slice.errorCode === ERRORS.offsetOutOfRange) {
      return feed.fail(await goneFrom(this.#client, feed.topic, feed.next))
    }
    const { topic } = feed
    this.#onEvent({ level: 'warn', message: `cannot follow (${slice.errorCode})`, topic })
    void this.#placeAgain(feed)
  }
}

/** Why `offset` cannot be read although the topic's leader answers. */
export const goneFrom = async (
  client: FetchClient,
  topic: string,
  offset: number,
): Promise<OffsetGone> => {
  const { start, head } = await client.bounds(topic)
  return new OffsetGone(`${topic} has no entry ${offset}: it starts at ${start}, ends at ${head}`)
}

/** A request asks for a topic once. Where two feeds of a topic are at different places they take
 * turns, and the request does not wait; whoever was served longest ago is asked for first. */
const chooseFeeds = (feeds: readonly Feed[]) => {
  const asked = new Map<string, Feed>()
  let isUneven = false
  for (const feed of feeds.toSorted((a, b) => a.lastRound - b.lastRound)) {
    const other = asked.get(feed.topic)
    if (other === undefined) asked.set(feed.topic, feed)
    else if (other.next !== feed.next) isUneven = true
  }
  return { asked, isUneven }
}

/** One follow: what was fetched for it and not yet taken. */
class Feed {
  readonly topic: string
  /** The node that leads the topic, while that is known. */
  node: number | undefined
  /** The offset to fetch next. */
  next: number
  faults = 0
  lastRound = 0
  #entries: LogEntry[] = []
  #bytes = 0
  #failure: unknown
  #isOver = false
  #wake: () => void = () => undefined

  constructor(topic: string, from: number) {
    this.topic = topic
    this.next = from
  }

  get isHungry(): boolean {
    return !this.#isOver && this.#bytes < LIMITS.followAheadBytesMax
  }

  get isOver(): boolean {
    return this.#isOver
  }

  accept(entries: readonly LogEntry[]): void {
    if (entries.length === 0) return
    for (const entry of entries) {
      this.#entries.push(entry)
      this.#bytes += entry.value.length
    }
    this.next += entries.length
    this.#wake()
  }

  /** Ends the feed: its reader is told once it has taken what is there. */
  fail(error: unknown): void {
    this.#failure ??= error
    this.#isOver = true
    this.#wake()
  }

  end(): void {
    this.#isOver = true
  }

  /** The next batch, or `undefined` once `signal` aborts. */
  async take(signal: AbortSignal): Promise<readonly LogEntry[] | undefined> {
    while (!signal.aborted && this.#entries.length === 0) {
      if (this.#failure !== undefined) throw this.#failure
      await this.#change(signal)
    }
    return signal.aborted ? undefined : this.#cut()
  }

  async #change(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    signal.addEventListener('abort', this.#wake, { once: true })
    await promise
    signal.removeEventListener('abort', this.#wake)
  }

  #cut(): readonly LogEntry[] {
    let bytes = 0
    let count = 0
    for (const { value } of this.#entries) {
      if (count === LIMITS.followBatchEntriesMax) break
      if (count > 0 && bytes + value.length > LIMITS.readBytesMax) break
      bytes += value.length
      count += 1
    }
    this.#bytes -= bytes
    return this.#entries.splice(0, count)
  }
}
