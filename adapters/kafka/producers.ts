import type { ISocketFactory, Producer } from 'kafkajs'
import type { Lease } from '#adapters/kafka/append-queue.ts'
import { type KafkaOptions, kafkaClient, REQUEST_MS_MAX } from '#adapters/kafka/client.ts'

/** A producer and the batches that use it. */
interface Shared {
  readonly producer: Producer
  readonly connected: Promise<void>
  users: number
}

/**
 * One idempotent producer for all topics of a log. When a batch is given up another one takes its
 * place, with a new producer id: the brokers know nothing of its sequence numbers. Batches that
 * are still with the old one stay there, and it is closed behind the last of them.
 */
export class Producers {
  readonly #options: KafkaOptions
  readonly #socketFactory: ISocketFactory
  #current: Shared | undefined

  constructor(options: KafkaOptions, socketFactory: ISocketFactory) {
    this.#options = options
    this.#socketFactory = socketFactory
  }

  async lease(): Promise<Lease> {
    const shared = this.#shared()
    shared.users += 1
    try {
      await shared.connected
    } catch (error) {
      await this.#release(shared, 'given-up')
      throw error
    }
    return {
      send: (topic, values) => send(shared.producer, topic, values),
      release: (outcome) => this.#release(shared, outcome),
    }
  }

  /** To be called when nothing is leased. */
  async close(): Promise<void> {
    const shared = this.#current
    this.#current = undefined
    await shared?.producer.disconnect()
  }

  #shared(): Shared {
    if (this.#current === undefined) {
      const producer = kafkaClient(this.#options, this.#socketFactory).producer({
        idempotent: true,
        allowAutoTopicCreation: false,
        // A topic has one partition; without this kafkajs would choose one again at each retry.
        createPartitioner: () => () => 0,
      })
      const connected = producer.connect()
      this.#current = { producer, connected, users: 0 }
    }
    return this.#current
  }

  async #release(shared: Shared, outcome: 'settled' | 'given-up'): Promise<void> {
    shared.users -= 1
    if (outcome === 'given-up' && this.#current === shared) this.#current = undefined
    if (this.#current !== shared && shared.users === 0) await shared.producer.disconnect()
  }
}

/** Half of what the client waits for an answer, so that the broker's own refusal arrives first. */
const BROKER_MS_MAX = REQUEST_MS_MAX / 2

const send = async (
  producer: Producer,
  topic: string,
  values: readonly Buffer[],
): Promise<number> => {
  const messages = values.map((value) => ({ value, partition: 0 }))
  const [answer] = await producer.send({ topic, messages, acks: -1, timeout: BROKER_MS_MAX })
  const base = Number(answer?.baseOffset)
  if (!Number.isSafeInteger(base) || base < 0) {
    throw new Error(`the broker gave ${answer?.baseOffset} as the offset`)
  }
  return base
}
