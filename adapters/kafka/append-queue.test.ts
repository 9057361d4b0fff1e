import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AppendQueue, type Lease } from '#adapters/kafka/append-queue.ts'
import { AppendBudget } from '#core/append-budget.ts'
import { utf8 } from '#core/bytes.ts'
import { LIMITS } from '#core/limits.ts'
import { LogUnavailable, OutcomeUnknown, UnknownTopic } from '#core/ports/message-log.ts'

/** What becomes of one send. The two faults look the same to the sender. */
type Fate = 'answered' | 'written, answer lost' | 'not written' | 'refused' | 'never answered'

/**
 * A broker with one topic, and producers that number their sends as kafkajs does: a send that fails
 * gives its number back. The broker takes a number that it knows for a repetition, whatever comes
 * under it, and acknowledges it unwritten.
 */
class NumberedBroker {
  readonly written: string[] = []
  readonly fates: Fate[]
  outstanding = 0
  outstandingMax = 0
  releases: string[] = []
  isReachable = true
  #current = newProducer()

  constructor(fates: readonly Fate[]) {
    this.fates = [...fates]
  }

  async lease(): Promise<Lease> {
    if (!this.isReachable) throw new Error('no broker answers')
    const producer = this.#current
    return {
      send: (_, values) => this.#send(producer, values),
      release: async (outcome) => {
        this.releases.push(outcome)
        if (outcome === 'given-up') this.#current = newProducer()
      },
    }
  }

  async #send(producer: NumberedProducer, values: readonly Buffer[]): Promise<number> {
    this.outstanding += 1
    this.outstandingMax = Math.max(this.outstandingMax, this.outstanding)
    await new Promise((resolve) => setTimeout(resolve, 1))
    const fate = this.fates.shift() ?? 'answered'
    if (fate === 'never answered') return new Promise(() => undefined)
    this.outstanding -= 1
    if (fate === 'refused') throw refusal('MESSAGE_TOO_LARGE')
    if (fate === 'not written') throw new Error('connection closed')
    const base = this.#write(producer, values)
    if (fate === 'written, answer lost') throw new Error('connection closed')
    producer.next += values.length
    return base
  }

  #write(producer: NumberedProducer, values: readonly Buffer[]): number {
    const known = producer.bases.get(producer.next)
    if (known !== undefined) return known
    const base = this.written.length
    producer.bases.set(producer.next, base)
    this.written.push(...values.map(String))
    return base
  }
}

interface NumberedProducer {
  next: number
  readonly bases: Map<number, number>
}

const newProducer = (): NumberedProducer => ({ next: 0, bases: new Map() })

const refusal = (type: string): Error =>
  new Error('rejected', { cause: Object.assign(new Error(type), { type }) })

const queueOver = (broker: NumberedBroker, appendMsMax = 5_000) => {
  const budget = new AppendBudget()
  const stop = new AbortController()
  let isUnknown = false
  const queue = new AppendQueue({
    topic: 't',
    appendMsMax,
    findTopic: async () => {
      if (isUnknown) throw new UnknownTopic('t')
    },
    lease: () => broker.lease(),
    budget,
    stopped: stop.signal,
    onFault: () => undefined,
    onUnknown: () => undefined,
  })
  return {
    queue,
    budget,
    stop,
    append: (...texts: readonly string[]) =>
      queue.append(texts.map(utf8), { bytes: texts.join('').length, lane: 'ordinary' }),
    loseTopic: () => {
      isUnknown = true
    },
  }
}

test('writes each append once and in order, whichever answers are lost', async () => {
  const fate = fc.constantFrom<Fate>('answered', 'written, answer lost', 'not written')
  const law = async (fates: Fate[], sizes: number[]): Promise<void> => {
    const broker = new NumberedBroker(fates)
    const { append } = queueOver(broker)
    const texts = sizes.map((size, n) => Array.from({ length: size }, (_, part) => `${n}.${part}`))
    const offsets = await Promise.all(
      texts.map(async (each, n) => {
        await new Promise((resolve) => setTimeout(resolve, n))
        return append(...each)
      }),
    )
    expect(broker.written).toEqual(texts.flat())
    expect(offsets.flat()).toEqual(broker.written.map((_, offset) => offset))
    expect(broker.outstandingMax).toBe(1)
  }
  const sizes = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 8 })
  await fc.assert(fc.asyncProperty(fc.array(fate, { maxLength: 2 }), sizes, law), { numRuns: 20 })
})

test('sends together what was appended meanwhile, within the bounds of a batch', async () => {
  const broker = new NumberedBroker([])
  const { append } = queueOver(broker)
  await Promise.all(Array.from({ length: 500 }, (_, n) => append(`${n}`)))
  expect(broker.releases.length).toBe(1)
  await Promise.all(
    Array.from({ length: 3 }, () => append(...Array(LIMITS.appendEntriesMax).fill('x'))),
  )
  expect(broker.releases.length).toBe(4)
})

test('says that the outcome is unknown at the deadline, and still settles the batch', async () => {
  const broker = new NumberedBroker(['written, answer lost', 'not written', 'not written'])
  const { append, queue } = queueOver(broker, 50)
  await expect(append('a')).rejects.toThrow(OutcomeUnknown)
  await queue.idle()
  expect(broker.written).toEqual(['a'])
  expect(await append('b')).toEqual([1])
})

test('says that an append which was never sent is certainly not written', async () => {
  const broker = new NumberedBroker(['never answered'])
  const { append, budget } = queueOver(broker, 100)
  const first = append('a')
  await new Promise((resolve) => setTimeout(resolve, 20))
  const second = append('b')
  await expect(first).rejects.toThrow(OutcomeUnknown)
  await expect(second).rejects.toThrow(LogUnavailable)
  expect(budget.isUnused).toBe(true)
})

test('sends nothing while no broker can be reached, so nothing is unknown', async () => {
  const broker = new NumberedBroker([])
  broker.isReachable = false
  const { append } = queueOver(broker, 100)
  await expect(append('a')).rejects.toThrow(LogUnavailable)
  broker.isReachable = true
  expect(await append('b')).toEqual([0])
  expect(broker.written).toEqual(['b'])
})

test('gives up a batch that is refused, and sends nothing more under its numbers', async () => {
  const broker = new NumberedBroker(['written, answer lost', 'refused'])
  const { append } = queueOver(broker)
  await expect(append('a')).rejects.toThrow(OutcomeUnknown)
  expect(await append('b')).toEqual([1])
  expect(broker.written).toEqual(['a', 'b'])
  expect(broker.releases).toEqual(['given-up', 'settled'])
})

test('keeps bytes of its own, for a batch outlives the promise of an append', async () => {
  const broker = new NumberedBroker(['not written', 'not written'])
  const { queue } = queueOver(broker, 50)
  const bytes = utf8('before')
  await expect(queue.append([bytes], { bytes: bytes.length, lane: 'ordinary' })).rejects.toThrow(
    OutcomeUnknown,
  )
  bytes.fill(0)
  await queue.idle()
  expect(broker.written).toEqual(['before'])
})

test('refuses at once what would wait behind too many, but not a flash', async () => {
  const { append, queue, budget } = queueOver(new NumberedBroker([]))
  for (let n = 0; n < LIMITS.appendsWaitingMax; n += 1) budget.take('ordinary', 1)
  expect(() => append('a')).toThrow(LogUnavailable)
  expect(await queue.append([utf8('f')], { bytes: 1, lane: 'flash' })).toEqual([0])
  for (let n = 0; n < LIMITS.appendsWaitingMax; n += 1) budget.giveBack('ordinary', 1)
  expect(budget.isUnused).toBe(true)
  budget.take('ordinary', LIMITS.appendsWaitingBytesMax)
  expect(() => append('a')).toThrow(LogUnavailable)
})

test('refuses a topic that is not there', async () => {
  const { append, loseTopic } = queueOver(new NumberedBroker([]))
  loseTopic()
  await expect(append('a')).rejects.toThrow(UnknownTopic)
})

test('stops sending when it is told to, and tells who waits', async () => {
  const broker = new NumberedBroker(Array<Fate>(100).fill('not written'))
  const { append, queue, stop } = queueOver(broker)
  const appended = expect(append('a')).rejects.toThrow(OutcomeUnknown)
  await new Promise((resolve) => setTimeout(resolve, 20))
  stop.abort()
  await queue.idle()
  await appended
})
