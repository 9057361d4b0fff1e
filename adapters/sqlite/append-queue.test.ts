import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AppendQueue } from '#adapters/sqlite/append-queue.ts'
import { LIMITS } from '#core/limits.ts'
import type { Lane } from '#core/ports/message-log.ts'

const append = (topic: string, bytes = 1, count = 1, lane: Lane = 'ordinary') => ({
  topic,
  entries: Array.from({ length: count }, () => new Uint8Array()),
  bytes,
  lane,
})

const flash = (topic: string, bytes = 1) => append(topic, bytes, 1, 'flash')

test('a flash goes first among topics, with what is before it in its own', () => {
  const queue = new AppendQueue()
  const large = LIMITS.appendBatchBytesMax / 4
  for (let n = 0; n < 20; n += 1) queue.offer(append('long', large))
  for (const topic of ['home', 'home', 'other']) queue.offer(append(topic, large))
  queue.offer(flash('home', large))
  queue.offer(append('home', large))
  const taken = queue.takeBatch()
  expect(taken.map(({ topic, lane }) => `${topic} ${lane}`)).toEqual([
    'home ordinary',
    'home ordinary',
    'home flash',
    'long ordinary',
  ])
  // What came behind it has no precedence of its own.
  expect(queue.takeBatch().map(({ topic }) => topic)).toEqual(['other', 'home', 'long', 'long'])
})

test('flashes of several topics take turns, and are not kept out by what fills the queue', () => {
  const queue = new AppendQueue()
  for (let n = 0; n < LIMITS.appendsWaitingMax; n += 1) queue.offer(append('full'))
  expect(queue.offer(append('full'))).toBe(false)
  for (const topic of ['a', 'a', 'b']) expect(queue.offer(flash(topic))).toBe(true)
  expect(
    queue
      .takeBatch()
      .slice(0, 4)
      .map(({ topic }) => topic),
  ).toEqual(['a', 'b', 'a', 'full'])
})

test('more flashes than may wait are refused, while others are taken', () => {
  const queue = new AppendQueue()
  const max = LIMITS.flashAppendsWaitingMax
  for (let n = 0; n < max; n += 1) expect(queue.offer(flash('a'))).toBe(true)
  expect(queue.offer(flash('a'))).toBe(false)
  expect(queue.offer(append('a'))).toBe(true)
  queue.takeBatch()
  expect(queue.offer(flash('a'))).toBe(true)
})

test('a short line does not wait for a long one', () => {
  const queue = new AppendQueue()
  const large = LIMITS.appendBatchBytesMax / 4
  for (let n = 0; n < 20; n += 1) queue.offer(append('long', large))
  queue.offer(append('short', large))
  expect(queue.takeBatch().map(({ topic }) => topic)).toEqual(['long', 'short', 'long', 'long'])
})

test('takes no more entries than a transaction may have', () => {
  const queue = new AppendQueue()
  const count = LIMITS.appendEntriesMax
  for (let n = 0; n < 15; n += 1) queue.offer(append('t', count, count))
  expect(queue.takeBatch().length).toBe(LIMITS.appendBatchEntriesMax / count)
})

test('refuses an append too many and a byte too many, until something is taken', () => {
  const many = new AppendQueue()
  for (let n = 0; n < LIMITS.appendsWaitingMax; n += 1) expect(many.offer(append('t'))).toBe(true)
  expect(many.offer(append('t'))).toBe(false)
  expect(many.takeBatch().length).toBe(LIMITS.appendsWaitingMax)
  expect(many.offer(append('t'))).toBe(true)

  const large = new AppendQueue()
  const bytes = LIMITS.appendBatchBytesMax
  const fit = LIMITS.appendsWaitingBytesMax / bytes
  for (let n = 0; n < fit; n += 1) expect(large.offer(append(`${n}`, bytes))).toBe(true)
  expect(large.offer(append('t', 1))).toBe(false)
  expect(large.takeBatch().length).toBe(1)
  expect(large.offer(append('t', 1))).toBe(true)
})

test('gives each line in its order, in bounded batches, and all of it', () => {
  const anAppend = fc.record({
    topic: fc.constantFrom('a', 'b', 'c'),
    bytes: fc.integer({ min: 1, max: LIMITS.appendBatchBytesMax }),
    lane: fc.constantFrom<Lane>('ordinary', 'ordinary', 'flash'),
  })
  const steps = fc.array(fc.oneof(anAppend, fc.constant('take' as const)), { maxLength: 60 })
  fc.assert(
    fc.property(steps, (all) => {
      const queue = new AppendQueue<ReturnType<typeof append>>()
      const offered: ReturnType<typeof append>[] = []
      const taken: ReturnType<typeof append>[] = []
      const take = (): void => {
        const wasEmpty = queue.isEmpty
        const batch = queue.takeBatch()
        expect(batch.length === 0).toBe(wasEmpty)
        const bytes = batch.reduce((sum, each) => sum + each.bytes, 0)
        expect(bytes).toBeLessThanOrEqual(LIMITS.appendBatchBytesMax)
        taken.push(...batch)
      }
      for (const step of all) {
        if (step === 'take') take()
        else {
          const each = append(step.topic, step.bytes, 1, step.lane)
          if (queue.offer(each)) offered.push(each)
        }
      }
      while (!queue.isEmpty) take()
      expect(taken.length).toBe(offered.length)
      for (const topic of ['a', 'b', 'c']) {
        const ofTopic = (each: { topic: string }): boolean => each.topic === topic
        const [got, want] = [taken.filter(ofTopic), offered.filter(ofTopic)]
        expect(got.every((each, index) => each === want[index])).toBe(true)
      }
    }),
  )
})
