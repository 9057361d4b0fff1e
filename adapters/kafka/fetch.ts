import { createRequire } from 'node:module'
import { setTimeout } from 'node:timers/promises'
import type { ISocketFactory, Logger, SASLOptions } from 'kafkajs'
import {
  CONNECT_MS_MAX,
  type KafkaOptions,
  kafkaClient,
  REQUEST_MS_MAX,
} from '#adapters/kafka/client.ts'
import { type LogEntry, LogUnavailable, UnknownTopic } from '#core/ports/message-log.ts'

// The only file that knows kafkajs from the inside (ADR 0002). Its public interface reads by
// consumer groups alone; the protocol below it fetches any topic from any offset.

/** What the broker said of one topic; `errorCode` is Kafka's own. */
export interface TopicState {
  readonly errorCode: number
  readonly partitions: readonly {
    readonly leader: number
    readonly replicas: readonly number[]
  }[]
}

export interface Want {
  readonly topic: string
  readonly from: number
  readonly bytesMax: number
}

/** The answer to a `Want`: the unbroken run of entries from exactly `from` on. */
export interface Slice {
  readonly errorCode: number
  readonly entries: readonly LogEntry[]
  /** There are records here, but `from` is none of them or no entry (a transaction's mark). */
  readonly isGone: boolean
}

export const ERRORS = { none: 0, offsetOutOfRange: 1, unknownTopic: 3 } as const
const EARLIEST = -2
const LATEST = -1

/** A fault that may pass: a broker does not answer, or has no answer now. */
export class BrokerFault extends Error {
  override readonly name = 'BrokerFault'
}

/** Which of its two connections a broker is asked on. It answers the requests of a connection in
 * their order, so a fetch that waits for entries has one of its own. */
const CONNECTIONS = { prompt: 0, waiting: 1 } as const

/** Asks the brokers of a cluster, each over one pair of connections that all callers share. */
export class FetchClient {
  readonly #options: KafkaOptions
  readonly #logger: Logger
  readonly #socketFactory: ISocketFactory
  readonly #links = new Map<string, Link>()
  readonly #addresses = new Map<number, string>()
  readonly #leaders = new Map<string, number>()
  #closed = false

  constructor(options: KafkaOptions, socketFactory: ISocketFactory) {
    this.#options = options
    this.#socketFactory = socketFactory
    this.#logger = kafkaClient(options).logger()
  }

  /** Resolves when one of the brokers answers. */
  async connect(): Promise<void> {
    await this.#anyLink()
  }

  /** The node that leads `topic`, remembered until it is forgotten. */
  async leader(topic: string): Promise<number> {
    const known = this.#leaders.get(topic)
    if (known !== undefined) return known
    const state = await this.#confirmed(topic)
    const leader = state?.partitions[0]?.leader ?? -1
    if (leader < 0) throw new BrokerFault(`${topic} has no leader (${state?.errorCode})`)
    this.#leaders.set(topic, leader)
    return leader
  }

  forget(topic: string): void {
    this.#leaders.delete(topic)
  }

  async topics(topics: readonly string[]): Promise<Map<string, TopicState>> {
    const link = await this.#anyLink()
    const body = { topics, allowAutoTopicCreation: false }
    const answer = await this.#ask<MetadataAnswer>(link, 'Metadata', body)
    for (const { nodeId, host, port } of answer.brokers) {
      this.#addresses.set(nodeId, `${host}:${port}`)
    }
    return new Map(
      answer.topicMetadata.map(({ topic, topicErrorCode, partitionMetadata }) => [
        topic,
        { errorCode: topicErrorCode, partitions: partitionMetadata },
      ]),
    )
  }

  /** What node `node` has for each topic, waiting up to `waitMs` until one of them has something.
   * Wants are served in their order where not all fit into `bytesMax`. */
  async fetch(
    node: number,
    wants: readonly Want[],
    { waitMs, bytesMax }: { readonly waitMs: number; readonly bytesMax: number },
  ): Promise<Map<string, Slice>> {
    const body = {
      maxWaitTime: waitMs,
      minBytes: 1,
      maxBytes: bytesMax,
      isolationLevel: 0,
      rackId: '',
      topics: wants.map(({ topic, from, bytesMax: maxBytes }) => ({
        topic,
        partitions: [{ partition: 0, fetchOffset: String(from), maxBytes }],
      })),
    }
    const via = waitMs > 0 ? CONNECTIONS.waiting : CONNECTIONS.prompt
    const answer = await this.#ask<FetchAnswer>(await this.#node(node), 'Fetch', body, via)
    if (answer.errorCode) throw new BrokerFault(`fetch failed with code ${answer.errorCode}`)
    const froms = new Map(wants.map(({ topic, from }) => [topic, from]))
    return new Map(
      answer.responses.flatMap(({ topicName, partitions }) =>
        partitions.map((partition) => [topicName, sliceFrom(froms.get(topicName) ?? 0, partition)]),
      ),
    )
  }

  /** The offset of the first entry that is kept, and the offset after the last durable one. */
  async bounds(topic: string): Promise<{ readonly start: number; readonly head: number }> {
    return { start: await this.#offset(topic, EARLIEST), head: await this.head(topic) }
  }

  head(topic: string): Promise<number> {
    return this.#offset(topic, LATEST)
  }

  async close(): Promise<void> {
    this.#closed = true
    const links = [...this.#links.values()]
    this.#links.clear()
    await Promise.allSettled(links.map(({ broker }) => broker.disconnect()))
  }

  async #offset(topic: string, timestamp: number): Promise<number> {
    const link = await this.#node(await this.leader(topic))
    const answer = await this.#ask<OffsetsAnswer>(link, 'ListOffsets', {
      replicaId: -1,
      isolationLevel: 0,
      topics: [{ topic, partitions: [{ partition: 0, timestamp }] }],
    })
    const partition = answer.responses[0]?.partitions[0]
    if (partition?.errorCode !== ERRORS.none) {
      throw new BrokerFault(`${topic} has no offset now (${partition?.errorCode})`)
    }
    return Number(partition.offset)
  }

  /** A broker hears of a new topic a moment after the controller has created it. */
  async #confirmed(topic: string): Promise<TopicState | undefined> {
    for (let asked = 1; ; asked += 1) {
      const state = (await this.topics([topic])).get(topic)
      if (state?.errorCode !== ERRORS.unknownTopic) return state
      if (asked === 3) throw new UnknownTopic(topic)
      await setTimeout(50)
    }
  }

  async #ask<Answer>(
    link: Link,
    api: Api,
    body: object,
    via: number = CONNECTIONS.prompt,
  ): Promise<Answer> {
    const { broker } = link
    const { request, response, requestTimeout } = broker.lookupRequest(
      internals.apiKeys[api],
      internals.requests[api],
    )({ replicaId: -1, ...body })
    try {
      const connection = await broker.connectionPool.getConnection(via)
      return await connection.send<Answer>({
        request,
        // Its own `parse` throws at the first topic that has an error, and names none.
        response: { decode: response.decode, parse: async (answer) => answer },
        ...(requestTimeout && { requestTimeout }),
      })
    } catch (error) {
      this.#drop(link)
      throw new BrokerFault(`${api}: ${messageOf(error)}`, { cause: error })
    }
  }

  async #node(node: number): Promise<Link> {
    const address = this.#addresses.get(node)
    if (address === undefined) throw new BrokerFault(`broker ${node} is not known`)
    return this.#link(address)
  }

  async #anyLink(): Promise<Link> {
    const addresses = new Set([
      ...this.#links.keys(),
      ...this.#addresses.values(),
      ...this.#options.brokers,
    ])
    let fault: unknown
    for (const address of addresses) {
      try {
        return await this.#link(address)
      } catch (error) {
        fault = error
      }
    }
    throw fault
  }

  async #link(address: string): Promise<Link> {
    if (this.#closed) throw new LogUnavailable('the log is closed')
    const known = this.#links.get(address)
    if (known !== undefined) {
      await known.ready
      if (isAlive(known)) return known
      this.#drop(known)
    }
    const link = this.#links.get(address) ?? this.#open(address)
    await link.ready
    return link
  }

  #open(address: string): Link {
    const { ssl, sasl, clientId } = this.#options
    const colon = address.lastIndexOf(':')
    const connectionPool = new internals.ConnectionPool({
      host: address.slice(0, colon),
      port: Number(address.slice(colon + 1)),
      clientId,
      ssl,
      sasl: sasl && { ...sasl },
      logger: this.#logger,
      socketFactory: this.#socketFactory,
      connectionTimeout: CONNECT_MS_MAX,
      requestTimeout: REQUEST_MS_MAX,
    })
    const logger = this.#logger
    const broker = new internals.Broker({ connectionPool, logger, allowAutoTopicCreation: false })
    const link: Link = { address, broker, ready: connect(broker) }
    this.#links.set(address, link)
    link.ready.catch(() => this.#drop(link))
    return link
  }

  /** Lets go of a broker after any fault, for kafkajs opens a closed connection once for each of
   * the requests that find it so, and mixes their answers. */
  #drop(link: Link): void {
    if (this.#links.get(link.address) === link) this.#links.delete(link.address)
    this.#leaders.clear()
    // It waits for answers that may never come; nobody needs to wait with it.
    link.broker.disconnect().catch(() => undefined)
  }
}

const connect = async (broker: Broker): Promise<void> => {
  try {
    await broker.connect()
    await broker.connectionPool.getConnection(CONNECTIONS.waiting)
  } catch (error) {
    throw new BrokerFault(messageOf(error), { cause: error })
  }
}

const isAlive = ({ broker }: Link): boolean =>
  broker.connectionPool.pool.every((connection) => connection.isConnected())

/** A batch is sent whole, so records before `from` come with it. */
const sliceFrom = (from: number, { errorCode, messages }: PartitionAnswer): Slice => {
  const entries: LogEntry[] = []
  for (const { offset, value, isControlRecord } of messages) {
    if (Number(offset) < from) continue
    if (Number(offset) !== from + entries.length || isControlRecord) break
    // A copy: a view would keep the whole answer in memory for as long as one entry is held.
    entries.push({ offset: Number(offset), value: new Uint8Array(value ?? []) })
  }
  return { errorCode, entries, isGone: entries.length === 0 && messages.length > 0 }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : `${error}`)

type Api = 'Metadata' | 'Fetch' | 'ListOffsets'

interface MetadataAnswer {
  readonly brokers: readonly { nodeId: number; host: string; port: number }[]
  readonly topicMetadata: readonly {
    readonly topic: string
    readonly topicErrorCode: number
    readonly partitionMetadata: TopicState['partitions']
  }[]
}

interface FetchAnswer {
  /** Absent in the oldest versions. */
  readonly errorCode?: number
  readonly responses: readonly {
    readonly topicName: string
    readonly partitions: readonly PartitionAnswer[]
  }[]
}

interface PartitionAnswer {
  readonly errorCode: number
  readonly messages: readonly {
    readonly offset: string
    readonly value: Buffer | null
    readonly isControlRecord?: boolean
  }[]
}

interface OffsetsAnswer {
  readonly responses: readonly {
    readonly partitions: readonly { readonly errorCode: number; readonly offset: string }[]
  }[]
}

interface Exchange {
  readonly request: object
  readonly response: {
    readonly decode: (raw: Buffer) => Promise<unknown>
    readonly parse: (decoded: unknown) => Promise<unknown>
  }
  readonly requestTimeout?: number
}

interface Link {
  readonly address: string
  readonly broker: Broker
  readonly ready: Promise<void>
}

interface Connection {
  isConnected(): boolean
  send<Answer>(exchange: Exchange): Promise<Answer>
}

interface ConnectionPool {
  readonly pool: readonly Connection[]
  getConnection(index: number): Promise<Connection>
}

interface Broker {
  readonly connectionPool: ConnectionPool
  readonly lookupRequest: (apiKey: number, definition: unknown) => (body: object) => Exchange
  connect(): Promise<void>
  disconnect(): Promise<void>
}

interface PoolOptions {
  readonly host: string
  readonly port: number
  readonly clientId: string
  readonly ssl: KafkaOptions['ssl']
  readonly sasl: SASLOptions | undefined
  readonly logger: Logger
  readonly socketFactory: ISocketFactory
  readonly connectionTimeout: number
  readonly requestTimeout: number
}

const load = createRequire(import.meta.url)

const internals = {
  Broker: load('kafkajs/src/broker') as new (options: {
    readonly logger: Logger
    readonly allowAutoTopicCreation: boolean
    readonly connectionPool: ConnectionPool
  }) => Broker,
  ConnectionPool: load('kafkajs/src/network/connectionPool') as new (
    options: PoolOptions,
  ) => ConnectionPool,
  apiKeys: load('kafkajs/src/protocol/requests/apiKeys') as Readonly<Record<Api, number>>,
  requests: load('kafkajs/src/protocol/requests').requests as Readonly<Record<Api, unknown>>,
}
