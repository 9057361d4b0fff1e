import { expect, test } from 'vitest'
import { utf8 } from '#core/bytes.ts'
import { LIMITS } from '#core/limits.ts'
import { OffsetGone, UnknownTopic } from '#core/ports/message-log.ts'
import {
  expectSame,
  never,
  readAll,
  type Subject,
  take,
  texts,
} from '#tests/contracts/message-log-subject.ts'

export const readPromises = ({ log, newTopic, unknownTopic, loseBefore }: Subject): void => {
  test('starts where it is asked to and ends at the limit, or at the head', async () => {
    const topic = await newTopic()
    await log().append(topic, ['a', 'b', 'c', 'd'].map(utf8))
    expect(texts(await log().read(topic, 0, 2))).toEqual(['0 a', '1 b'])
    expect(texts(await log().read(topic, 1, 2))).toEqual(['1 b', '2 c'])
    expect(texts(await log().read(topic, 3, 100))).toEqual(['3 d'])
    expect(await log().read(topic, 4, 100)).toEqual([])
  })

  test('finds nothing in a new topic', async () => {
    expect(await log().read(await newTopic(), 0, 10)).toEqual([])
  })

  test('stops before it would hold too many bytes', async () => {
    const topic = await newTopic()
    const fit = LIMITS.readBytesMax / LIMITS.entryBytesMax
    for (let n = 0; n < fit + 2; n += 1) {
      await log().append(topic, [new Uint8Array(LIMITS.entryBytesMax).fill(n)])
    }
    const first = await log().read(topic, 0, 100)
    expect(first.length).toBeGreaterThan(0)
    expect(first.length).toBeLessThanOrEqual(fit)
    expect((await readAll(log(), topic)).map(({ value }) => value[0])).toEqual(
      Array.from({ length: fit + 2 }, (_, n) => n),
    )
  })

  test('gives bytes that the caller may change', async () => {
    const topic = await newTopic()
    await log().append(topic, [utf8('kept')])
    for (const { value } of await log().read(topic, 0, 1)) value.fill(0)
    expect(texts(await log().read(topic, 0, 1))).toEqual(['0 kept'])
  })

  test('says that an entry which was removed is gone, and reads those after it', async () => {
    const topic = await newTopic()
    await log().append(topic, ['a', 'b', 'c', 'd'].map(utf8))
    await loseBefore(topic, 2)
    await expect(log().read(topic, 0, 10)).rejects.toThrow(OffsetGone)
    await expect(log().read(topic, 1, 10)).rejects.toThrow(OffsetGone)
    expect(texts(await log().read(topic, 2, 10))).toEqual(['2 c', '3 d'])
    expect(await log().head(topic)).toBe(4)
  })

  test('says so when the topic is shorter than its reader remembers', async () => {
    const topic = await newTopic()
    await log().append(topic, [utf8('a')])
    await expect(log().read(topic, 2, 10)).rejects.toThrow(OffsetGone)
  })

  test('refuses a topic that was never created, and a range that makes no sense', async () => {
    const topic = await newTopic()
    await expect(log().read(unknownTopic(), 0, 1)).rejects.toThrow(UnknownTopic)
    await expect(log().head(unknownTopic())).rejects.toThrow(UnknownTopic)
    await expect(log().read(topic, -1, 1)).rejects.toThrow(RangeError)
    await expect(log().read(topic, 0.5, 1)).rejects.toThrow(RangeError)
    await expect(log().read(topic, 0, 0)).rejects.toThrow(RangeError)
  })
}

export const followPromises = ({ log, newTopic }: Subject): void => {
  test('gives what is there and then what comes, once and in order', async () => {
    const topic = await newTopic()
    await log().append(topic, ['a', 'b'].map(utf8))
    const followed = take(log().follow(topic, 0, never()), 5)
    await log().append(topic, [utf8('c')])
    await log().append(topic, ['d', 'e'].map(utf8))
    expect(texts(await followed)).toEqual(['0 a', '1 b', '2 c', '3 d', '4 e'])
  })

  test('starts where it is asked to, the head included', async () => {
    const topic = await newTopic()
    await log().append(topic, ['a', 'b', 'c'].map(utf8))
    const inside = take(log().follow(topic, 1, never()), 3)
    const atHead = take(log().follow(topic, 3, never()), 1)
    await log().append(topic, [utf8('d')])
    expect(texts(await inside)).toEqual(['1 b', '2 c', '3 d'])
    expect(texts(await atHead)).toEqual(['3 d'])
  })

  test('sees every entry that is appended while it reads', async () => {
    const topic = await newTopic()
    const entries = Array.from({ length: 300 }, (_, n) => utf8(`${n}`))
    const followed = take(log().follow(topic, 0, never()), entries.length)
    for (const entry of entries) await log().append(topic, [entry])
    expectSame(await followed, entries)
  })

  test('bounds a batch by its entries and its bytes', async () => {
    const topic = await newTopic()
    const many = LIMITS.followBatchEntriesMax + 500
    const small = Array.from({ length: many }, (_, n) => utf8(`${n}`))
    await log().append(topic, small.slice(0, 1_000))
    await log().append(topic, small.slice(1_000))
    for (let n = 0; n < 9; n += 1) {
      await log().append(topic, [new Uint8Array(LIMITS.entryBytesMax).fill(n)])
    }
    let count = 0
    for await (const batch of log().follow(topic, 0, never())) {
      const bytes = batch.reduce((sum, { value }) => sum + value.length, 0)
      expect(batch.length).toBeLessThanOrEqual(LIMITS.followBatchEntriesMax)
      expect(bytes).toBeLessThanOrEqual(LIMITS.readBytesMax)
      expect(batch.map(({ offset }) => offset)).toEqual(batch.map((_, index) => count + index))
      count += batch.length
      if (count === many + 9) break
    }
  })
}

export const followEndPromises = ({ log, newTopic, unknownTopic, loseBefore }: Subject): void => {
  test('ends without an error when it is told to, waiting or not', async () => {
    const topic = await newTopic()
    const controller = new AbortController()
    const waiting = take(log().follow(topic, 0, controller.signal), 10)
    await log().append(topic, [utf8('a')])
    await new Promise((resolve) => setTimeout(resolve, 50))
    controller.abort()
    expect((await waiting).length).toBeLessThanOrEqual(1)
    expect(await take(log().follow(topic, 0, controller.signal), 10)).toEqual([])
  })

  test('says that an entry is gone, below the head or above it', async () => {
    const topic = await newTopic()
    await log().append(topic, ['a', 'b', 'c'].map(utf8))
    await loseBefore(topic, 1)
    await expect(take(log().follow(topic, 0, never()), 1)).rejects.toThrow(OffsetGone)
    await expect(take(log().follow(topic, 4, never()), 1)).rejects.toThrow(OffsetGone)
    expect(texts(await take(log().follow(topic, 1, never()), 2))).toEqual(['1 b', '2 c'])
  })

  test('refuses a topic that was never created', async () => {
    await expect(take(log().follow(unknownTopic(), 0, never()), 1)).rejects.toThrow(UnknownTopic)
  })
}
