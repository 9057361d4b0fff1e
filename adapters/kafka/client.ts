import type { ConnectionOptions } from 'node:tls'
import { type ISocketFactory, Kafka, type KafkaConfig, logLevel, type SASLOptions } from 'kafkajs'
import '#adapters/kafka/request-queue.ts'
import { wholeAnswers } from '#adapters/kafka/socket.ts'

export interface KafkaOptions {
  /** `host:port` of some brokers of the cluster; the others are learned from them. */
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly ssl?: ConnectionOptions
  readonly sasl?: SASLOptions
  /** Comes before the name of every topic, where a cluster is shared. Default: none. */
  readonly topicPrefix?: string
  /** How many brokers hold each topic: 3 in production, 1 where there is one broker. */
  readonly replicationFactor: number
  /** How many of them must have an entry before it counts as durable. Default: all but one. */
  readonly minInsyncReplicas?: number
  /** How long an append may take before its caller is told. Default: `LIMITS.logAppendMsMax`. */
  readonly appendMsMax?: number
  /** How long to wait for a first broker. Default: `LIMITS.logOpenMsMax`. */
  readonly openMsMax?: number
  /** What the library and the adapter have to say: names and codes, never content. */
  readonly onEvent?: (event: KafkaEvent) => void
}

export interface KafkaEvent {
  readonly level: 'error' | 'warn' | 'info'
  readonly message: string
  readonly broker?: string
  readonly topic?: string
}

/** How long the library waits for a connection, and for an answer. */
export const CONNECT_MS_MAX = 2_000
export const REQUEST_MS_MAX = 10_000

/**
 * One attempt and one more: the least that kafkajs accepts. What it rejects is sent again by the
 * append queue, which knows what may be sent before what, and when to stop; the library's own
 * retries go on after a close and open connections again.
 */
const RETRY = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 1 }

/** A client of its own for each use: kafkajs writes into the `sasl` object it is given. */
export const kafkaClient = (
  options: KafkaOptions,
  socketFactory: ISocketFactory = wholeAnswers,
): Kafka => new Kafka(clientConfig(options, socketFactory))

const clientConfig = (
  { brokers, clientId, ssl, sasl, onEvent }: KafkaOptions,
  socketFactory: ISocketFactory,
): KafkaConfig => ({
  brokers: [...brokers],
  clientId,
  ...(ssl && { ssl }),
  ...(sasl && { sasl: { ...sasl } }),
  socketFactory,
  connectionTimeout: CONNECT_MS_MAX,
  requestTimeout: REQUEST_MS_MAX,
  retry: RETRY,
  logLevel: logLevel.INFO,
  logCreator: () => (entry) => {
    const { message, error, broker } = entry.log
    // It warns that few retries end idempotence; the append queue is what retries here.
    if (message.startsWith('Limiting retries')) return
    onEvent?.({
      level: LEVELS[entry.level] ?? 'info',
      message: typeof error === 'string' ? `${message}: ${error}` : message,
      ...(typeof broker === 'string' && { broker }),
    })
  },
})

const LEVELS: Readonly<Record<number, KafkaEvent['level']>> = {
  [logLevel.ERROR]: 'error',
  [logLevel.WARN]: 'warn',
}
