import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { KafkaOptions } from '#adapters/kafka/client.ts'
import { openKafkaLog } from '#adapters/kafka/message-log.ts'
import { fromUtf8, utf8 } from '#core/bytes.ts'
import {
  type LogEntry,
  LogUnavailable,
  type MessageLog,
  OffsetGone,
  OutcomeUnknown,
  TopicMisconfigured,
  UnknownTopic,
} from '#core/ports/message-log.ts'
import { startKafka, type TestKafka, withKafka } from '#tests/containers.ts'

/** Short, yet enough for the first append of a cold producer on a busy machine. */
const HASTY_MS = 1_500

await withKafka(() => {
  let kafka: TestKafka
  let options: KafkaOptions
  let log: MessageLog

  beforeAll(async () => {
    kafka = await startKafka()
    options = { brokers: kafka.brokers, clientId: 'rabta-test', replicationFactor: 1 }
    log = await openKafkaLog(options)
  })
  afterAll(async () => {
    await log?.close()
    await kafka?.stop()
  })

  const newTopic = async (): Promise<string> => {
    const topic = `test.${randomUUID()}`
    await log.ensureTopics([topic])
    return topic
  }

  /** Somebody else's: patient while a broker makes a place for a new topic, or for transactions. */
  const strangersClient = (): Kafka =>
    new Kafka({
      brokers: [...options.brokers],
      clientId: 'rabta-test-stranger',
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 30 },
    })

  test('loses, doubles and moves none of 5,000 appends over 20 topics', async () => {
    const topics = await Promise.all(Array.from({ length: 20 }, newTopic))
    const called = new Map(topics.map((topic) => [topic, [] as string[]]))
    const acknowledged = new Map(topics.map((topic) => [topic, [] as number[]]))
    let next = 0
    const lane = async (): Promise<void> => {
      for (let n = next++; n < 5_000; n = next++) {
        const topic = topics[n % topics.length] ?? ''
        called.get(topic)?.push(`${n}`)
        acknowledged.get(topic)?.push(...(await log.append(topic, [utf8(`${n}`)])))
      }
    }
    await Promise.all(Array.from({ length: 128 }, lane))
    for (const topic of topics) {
      expect(texts(await log.read(topic, 0, 5_000))).toEqual(called.get(topic))
      const offsets = acknowledged.get(topic) ?? []
      expect(offsets.toSorted((a, b) => a - b)).toEqual(offsets.map((_, n) => n))
    }
  })

  test('keeps every acknowledged append once when the broker is killed', async ({ skip }) => {
    const { faults } = kafka
    if (faults === undefined) return skip('the broker is not ours to kill')
    const topics = await Promise.all(Array.from({ length: 4 }, newTopic))
    const hasty = await openKafkaLog({ ...options, appendMsMax: 1_000 })
    const [stopAppends, stopFollows] = [new AbortController(), new AbortController()]
    const seen = topics.map(() => [] as LogEntry[])
    const follows = topics.map((topic, n) => follow(log, topic, stopFollows.signal, seen[n]))
    const appending = topics.map((topic) => appendUntil(hasty, topic, stopAppends.signal))
    await sleep(500)
    await faults.killAndStart()
    await sleep(1_500)
    stopAppends.abort()
    const outcomes = await Promise.all(appending)
    await hasty.close()
    for (const [n, topic] of topics.entries()) {
      const kept = texts(await readAll(log, topic))
      expectOutcomes(kept, outcomes[n] ?? [])
      await expect.poll(() => seen[n]?.length).toBe(kept.length)
      expect(texts(seen[n] ?? [])).toEqual(kept)
    }
    stopFollows.abort()
    await Promise.all(follows)
    const kinds = new Set(outcomes.flat().map(({ offset }) => typeof offset === 'string' && offset))
    expect(kinds).toEqual(new Set([false, 'unknown', 'unavailable']))
    expect(outcomes.map((each) => typeof each.at(-1)?.offset)).toEqual(topics.map(() => 'number'))
  })

  test('says what it knows of an append while the broker is silent', async ({ skip }) => {
    const { faults } = kafka
    if (faults === undefined) return skip('the broker is not ours to pause')
    const topic = await newTopic()
    const hasty = await openKafkaLog({ ...options, appendMsMax: HASTY_MS })
    await hasty.append(topic, [utf8('before')])
    await faults.pause()
    try {
      const sent = hasty.append(topic, [utf8('sent')])
      await sleep(50)
      const waiting = hasty.append(topic, [utf8('waiting')])
      await expect(sent).rejects.toThrow(OutcomeUnknown)
      await expect(waiting).rejects.toThrow(LogUnavailable)
    } finally {
      await faults.resume()
    }
    await expect.poll(() => hasty.append(topic, [utf8('after')])).toEqual([2])
    expect(texts(await hasty.read(topic, 0, 10))).toEqual(['before', 'sent', 'after'])
    await hasty.close()
  })

  test('closes within seconds while the broker is silent', async ({ skip }) => {
    const { faults } = kafka
    if (faults === undefined) return skip('the broker is not ours to pause')
    const topic = await newTopic()
    const hasty = await openKafkaLog({ ...options, appendMsMax: HASTY_MS })
    await hasty.append(topic, [utf8('before')])
    const followed = expect(take(hasty, topic, 0, 2)).rejects.toThrow(LogUnavailable)
    await faults.pause()
    try {
      const sent = hasty.append(topic, [utf8('sent')])
      await sleep(50)
      const startedAt = performance.now()
      const closing = hasty.close()
      await expect(sent).rejects.toThrow(OutcomeUnknown)
      await Promise.all([followed, closing])
      expect(performance.now() - startedAt).toBeLessThan(HASTY_MS + 3_500)
    } finally {
      await faults.resume()
    }
  })

  test('keeps logs with different prefixes apart', async () => {
    const topic = `test.${randomUUID()}`
    const [ours, theirs] = await Promise.all(
      ['ours.', 'theirs.'].map((topicPrefix) => openKafkaLog({ ...options, topicPrefix })),
    )
    if (ours === undefined || theirs === undefined) throw new Error('two logs were opened')
    await ours.ensureTopics([topic])
    await ours.append(topic, [utf8('ours')])
    expect(texts(await ours.read(topic, 0, 10))).toEqual(['ours'])
    expect(texts(await take(ours, topic, 0, 1))).toEqual(['ours'])
    expect(await log.head(`ours.${topic}`)).toBe(1)
    await expect(log.head(topic)).rejects.toThrow(UnknownTopic)
    await expect(theirs.head(topic)).rejects.toThrow(UnknownTopic)
    await Promise.all([ours.close(), theirs.close()])
  })

  test('follows 100 topics over one connection, each entry soon and once', async () => {
    const topics = Array.from({ length: 100 }, () => `test.${randomUUID()}`)
    await log.ensureTopics(topics)
    const followed = topics.map((topic) => take(log, topic, 0, 3))
    const rounds = ['a', 'b', 'c']
    for (const text of rounds) {
      await Promise.all(topics.map((topic) => log.append(topic, [utf8(text)])))
    }
    for (const each of followed) expect(texts(await each)).toEqual(rounds)
  })

  test('gives each of two followers of a topic everything, wherever it starts', async () => {
    const topic = await newTopic()
    const values = Array.from({ length: 3_000 }, (_, n) => `${n}`)
    for (let n = 0; n < values.length; n += 500) {
      await log.append(topic, values.slice(n, n + 500).map(utf8))
    }
    const fromStart = take(log, topic, 0, values.length + 1)
    const fromHead = take(log, topic, values.length, 1)
    await log.append(topic, [utf8('last')])
    expect(texts(await fromHead)).toEqual(['last'])
    expect(texts(await fromStart)).toEqual([...values, 'last'])
  })

  test('takes the mark of a transaction, which is no entry, for a gap', async () => {
    const topic = await newTopic()
    const producer = strangersClient().producer({
      transactionalId: randomUUID(),
      maxInFlightRequests: 1,
      createPartitioner: () => () => 0,
    })
    await producer.connect()
    const transaction = await producer.transaction()
    await transaction.send({ topic, messages: [{ value: 'foreign' }] })
    await transaction.commit()
    await producer.disconnect()
    await expect.poll(() => log.head(topic)).toBe(2)
    expect(await log.append(topic, [utf8('ours')])).toEqual([2])
    expect(texts(await log.read(topic, 0, 10))).toEqual(['foreign'])
    await expect(log.read(topic, 1, 10)).rejects.toThrow(OffsetGone)
    await expect(take(log, topic, 0, 2)).rejects.toThrow(OffsetGone)
  })

  test('names the topic and the setting under which it cannot keep its promises', async () => {
    const admin = strangersClient().admin()
    await admin.connect()
    const wrong = [
      { says: '2 partitions', numPartitions: 2, configEntries: keeps },
      { says: 'retention.ms is 1000', configEntries: { ...keeps, 'retention.ms': '1000' } },
      { says: 'retention.bytes is 9', configEntries: { ...keeps, 'retention.bytes': '9' } },
      {
        says: 'cleanup.policy is compact',
        configEntries: { ...keeps, 'cleanup.policy': 'compact' },
      },
      {
        says: 'max.message.bytes is 1048588',
        configEntries: { ...keeps, 'max.message.bytes': '1048588' },
      },
    ]
    for (const { says, numPartitions = 1, configEntries } of wrong) {
      const topic = `test.${randomUUID()}`
      const entries = Object.entries(configEntries).map(([name, value]) => ({ name, value }))
      await admin.createTopics({
        topics: [{ topic, numPartitions, configEntries: entries }],
        waitForLeaders: false,
      })
      const ensured = log.ensureTopics([topic])
      await expect(ensured).rejects.toThrow(TopicMisconfigured)
      await expect(ensured).rejects.toThrow(says)
      await expect(ensured).rejects.toThrow(topic)
    }
    await admin.disconnect()
  })

  test('says so when there are too few brokers for the replicas it needs', async () => {
    const greedy = await openKafkaLog({ ...options, replicationFactor: 3 })
    await expect(greedy.ensureTopics([`test.${randomUUID()}`])).rejects.toThrow(TopicMisconfigured)
    const topic = await newTopic()
    await expect(greedy.ensureTopics([topic])).rejects.toThrow(`${topic} has 1 replicas`)
    await greedy.close()
  })
})

/** Settings under which the promises hold. */
const keeps = {
  'retention.ms': '-1',
  'retention.bytes': '-1',
  'max.message.bytes': '8388608',
}

interface Outcome {
  readonly text: string
  readonly offset: number | 'unknown' | 'unavailable'
}

/** Appends one text after the other, eight at a time, until `signal` aborts. */
const appendUntil = async (
  log: MessageLog,
  topic: string,
  signal: AbortSignal,
): Promise<Outcome[]> => {
  const outcomes: Outcome[] = []
  const lane = async (): Promise<void> => {
    while (!signal.aborted) {
      const text: string = randomUUID()
      try {
        const [offset = 'unknown' as const] = await log.append(topic, [utf8(text)])
        outcomes.push({ text, offset })
      } catch (error) {
        const isKnown = error instanceof LogUnavailable
        if (!isKnown && !(error instanceof OutcomeUnknown)) throw error
        outcomes.push({ text, offset: isKnown ? 'unavailable' : 'unknown' })
      }
    }
  }
  await Promise.all(Array.from({ length: 8 }, lane))
  return outcomes
}

/** Acknowledged: at its offset and nowhere else. Unavailable: nowhere. Unknown: at most once. */
const expectOutcomes = (kept: readonly string[], outcomes: readonly Outcome[]): void => {
  const counts = new Map<string, number>()
  for (const text of kept) counts.set(text, (counts.get(text) ?? 0) + 1)
  for (const { text, offset } of outcomes) {
    const count = counts.get(text) ?? 0
    if (offset === 'unavailable') expect(count).toBe(0)
    else if (offset === 'unknown') expect(count).toBeLessThanOrEqual(1)
    else expect([count, kept[offset]]).toEqual([1, text])
  }
}

/** Puts what it follows into `entries`. */
const follow = async (
  log: MessageLog,
  topic: string,
  signal: AbortSignal,
  entries: LogEntry[] = [],
): Promise<void> => {
  for await (const batch of log.follow(topic, 0, signal)) entries.push(...batch)
}

const take = async (log: MessageLog, topic: string, from: number, count: number) => {
  const entries: LogEntry[] = []
  for await (const batch of log.follow(topic, from, new AbortController().signal)) {
    entries.push(...batch)
    if (entries.length >= count) break
  }
  return entries
}

const readAll = async (log: MessageLog, topic: string): Promise<LogEntry[]> => {
  const entries: LogEntry[] = []
  for (;;) {
    const more = await log.read(topic, entries.length, 1_000)
    if (more.length === 0) return entries
    entries.push(...more)
  }
}

const texts = (entries: readonly LogEntry[]): string[] =>
  entries.map(({ value }) => fromUtf8(value) ?? 'no text')
