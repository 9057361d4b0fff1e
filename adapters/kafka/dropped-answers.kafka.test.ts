import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openKafkaLog } from '#adapters/kafka/message-log.ts'
import { utf8 } from '#core/bytes.ts'
import { AnswerDroppingProxy } from '#tests/answer-dropping-proxy.ts'
import { startKafkaBehind, type TestKafka, withKafka } from '#tests/containers.ts'

/**
 * The broker appends, and the network breaks before its answer: an ordinary fault. Used as one would
 * think, the library then acknowledges what was never written. The same count that finds this in
 * the naive use finds nothing in ours.
 */
const LANES = 16
const TEXTS = 6_000
const DROPPED_MIN = 24

await withKafka(() => {
  let kafka: TestKafka
  let proxy: AnswerDroppingProxy
  let brokers: string[]
  /** Of the answers to produce requests, one in so many is dropped. */
  let droppedEvery = 50

  beforeAll(async () => {
    proxy = new AnswerDroppingProxy((answer) => answer % droppedEvery !== 0)
    const advertised = await proxy.open()
    kafka = await startKafkaBehind(advertised)
    proxy.target = Number(kafka.brokers[0]?.split(':')[1])
    brokers = [`127.0.0.1:${advertised}`]
  })
  afterAll(async () => {
    await kafka?.stop()
    await proxy?.close()
  })

  const newTopic = async (): Promise<string> => {
    const topic = `test.${randomUUID()}`
    const log = await openKafkaLog({ brokers, clientId: 'rabta-test', replicationFactor: 1 })
    await log.ensureTopics([topic])
    await log.close()
    return topic
  }

  /** Sends so many texts from lanes that each wait for one before the next. */
  const sendAll = async (send: (text: string) => Promise<unknown>) => {
    const acknowledged: string[] = []
    let next = 0
    const lane = async (number: number): Promise<void> => {
      for (let at = next++; at < TEXTS; at = next++) {
        const text = `${number} ${at}`
        await send(text)
        acknowledged.push(text)
      }
    }
    await Promise.all(Array.from({ length: LANES }, (_, number) => lane(number)))
    return acknowledged
  }

  const plain = (): Kafka =>
    new Kafka({
      brokers,
      clientId: 'rabta-test-plain',
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 1_000 },
    })

  /** All of a topic, by the library's own consumer. */
  const readAll = async (topic: string): Promise<readonly string[]> => {
    const kafkajs = plain()
    const admin = kafkajs.admin()
    await admin.connect()
    const [end] = await admin.fetchTopicOffsets(topic)
    await admin.disconnect()
    const head = Number(end?.high)
    const texts: string[] = []
    const consumer = kafkajs.consumer({ groupId: randomUUID() })
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await new Promise<void>((resolve, reject) => {
      consumer
        .run({
          eachMessage: async ({ message }) => {
            texts.push(message.value?.toString() ?? '')
            if (Number(message.offset) === head - 1) resolve()
          },
        })
        .catch(reject)
    })
    await consumer.disconnect()
    return texts
  }

  const count = (acknowledged: readonly string[], kept: readonly string[]) => {
    const times = new Map<string, number>()
    for (const text of kept) times.set(text, (times.get(text) ?? 0) + 1)
    const lastOf = new Map<string, number>()
    let reordered = 0
    for (const text of new Set(kept)) {
      const [lane = '', at = ''] = text.split(' ')
      if (Number(at) < (lastOf.get(lane) ?? -1)) reordered += 1
      lastOf.set(lane, Number(at))
    }
    return {
      acknowledged: acknowledged.length,
      lost: acknowledged.filter((text) => !times.has(text)).length,
      duplicated: [...times.values()].filter((n) => n > 1).length,
      reordered,
    }
  }

  test('used as one would think, the library loses what it has acknowledged', async () => {
    const topic = await newTopic()
    const before = proxy.dropped
    const producer = plain().producer({ idempotent: true })
    await producer.connect()
    const acknowledged = await sendAll(async (text) => {
      // What is rejected is sent again, as anybody would.
      const send = () =>
        producer.send({ topic, acks: -1, messages: [{ value: text, partition: 0 }] })
      for (;;) {
        const isSent = await send().then(
          () => true,
          () => false,
        )
        if (isSent) return
        await sleep(50)
      }
    })
    await producer.disconnect()
    const counts = count(acknowledged, await readAll(topic))
    expect(proxy.dropped - before).toBeGreaterThan(DROPPED_MIN)
    expect(counts.acknowledged).toBe(TEXTS)
    expect(counts.lost).toBeGreaterThan(0)
  }, 240_000)

  test('our use of it loses, doubles and moves nothing', async () => {
    const topic = await newTopic()
    const before = proxy.dropped
    // Appends that wait leave together, so there are fewer answers.
    droppedEvery = 5
    const log = await openKafkaLog({
      brokers,
      clientId: 'rabta-test',
      replicationFactor: 1,
      appendMsMax: 60_000,
    })
    const acknowledged = await sendAll((text) => log.append(topic, [utf8(text)]))
    await log.close()
    expect(count(acknowledged, await readAll(topic))).toEqual({
      acknowledged: TEXTS,
      lost: 0,
      duplicated: 0,
      reordered: 0,
    })
    expect(proxy.dropped - before).toBeGreaterThan(DROPPED_MIN)
  }, 240_000)
})
