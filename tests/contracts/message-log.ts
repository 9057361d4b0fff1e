import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { utf8 } from '#core/bytes.ts'
import { LIMITS } from '#core/limits.ts'
import { LogUnavailable, type MessageLog, UnknownTopic } from '#core/ports/message-log.ts'
import {
  followEndPromises,
  followPromises,
  readPromises,
} from '#tests/contracts/message-log-reading.ts'
import {
  expectSame,
  never,
  readAll,
  type Subject,
  take,
  texts,
} from '#tests/contracts/message-log-subject.ts'

/** One store that outlives the logs opened over it. */
export interface MessageLogHarness {
  /** Opens the store. The suite closes one log before it opens the next. */
  open(): Promise<MessageLog>
  /** A name that no topic of this store has had. */
  uniqueTopic(): string
  /** Removes the entries below `offset` behind the log's back, as a wrong retention would. */
  loseBefore(topic: string, offset: number): Promise<void>
  /** Removes the store. All logs over it are closed. */
  dispose(): Promise<void>
}

/** Registers the tests of every promise in `core/ports/message-log.ts`. `appendsWait`: false for a
 * store that has written an append before the call is over. */
export const messageLogContract = (
  name: string,
  openHarness: () => Promise<MessageLogHarness>,
  { appendsWait }: { readonly appendsWait: boolean } = { appendsWait: true },
): void => {
  describe(`${name} keeps the promises of a message log`, () => {
    let harness: MessageLogHarness
    let log: MessageLog

    beforeAll(async () => {
      harness = await openHarness()
      log = await harness.open()
    })
    afterAll(async () => {
      await log?.close()
      await harness?.dispose()
    })

    const subject: Subject = {
      log: () => log,
      reopen: async () => {
        await log.close()
        log = await harness.open()
        return log
      },
      newTopic: async () => {
        const topic = harness.uniqueTopic()
        await log.ensureTopics([topic])
        return topic
      },
      unknownTopic: () => harness.uniqueTopic(),
      loseBefore: (topic, offset) => harness.loseBefore(topic, offset),
    }

    describe('append', () => appendPromises(subject))
    describe('append, of what cannot be,', () => refusalPromises(subject))
    describe('append, many at once,', () => concurrencyPromises(subject))
    describe('append, more than may wait,', () => floodPromises(subject))
    describe('append, in the flash lane,', () => {
      flashPromises(subject)
      if (appendsWait) precedencePromises(subject)
    })
    describe('read', () => readPromises(subject))
    describe('follow', () => followPromises(subject))
    describe('follow, at its end,', () => followEndPromises(subject))
    describe('topics', () => topicPromises(subject))
    describe('close', () => closePromises(subject))
  })
}

const appendPromises = ({ log, newTopic }: Subject): void => {
  test('gives offsets from 0 on, without gaps, and the head follows', async () => {
    const topic = await newTopic()
    expect(await log().head(topic)).toBe(0)
    expect(await log().append(topic, [utf8('a')])).toEqual([0])
    expect(await log().append(topic, [utf8('b'), utf8('c')])).toEqual([1, 2])
    expect(await log().head(topic)).toBe(3)
  })

  test('keeps every byte of the shortest, the longest and a partly viewed entry', async () => {
    const topic = await newTopic()
    const longest = new Uint8Array(LIMITS.entryBytesMax).map((_, index) => index % 251)
    const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte)
    const entries = [Uint8Array.of(0), longest, everyByte.subarray(100, 200)]
    await log().append(topic, entries)
    expectSame(await readAll(log(), topic), entries)
  })

  test('takes the most entries that one append may have', async () => {
    const topic = await newTopic()
    const entries = Array.from({ length: LIMITS.appendEntriesMax }, (_, n) => utf8(`${n}`))
    expect(await log().append(topic, entries)).toEqual(entries.map((_, n) => n))
    expectSame(await readAll(log(), topic), entries)
  })

  test('takes the most bytes that one append may have, in one run', async () => {
    const topic = await newTopic()
    const count = LIMITS.appendBatchBytesMax / LIMITS.entryBytesMax
    const entries = Array.from({ length: count }, (_, n) =>
      new Uint8Array(LIMITS.entryBytesMax).fill(n),
    )
    expect(await log().append(topic, entries)).toEqual(entries.map((_, n) => n))
    expectSame(await readAll(log(), topic), entries)
  })

  test('leaves the log alone when the caller uses its bytes again', async () => {
    const topic = await newTopic()
    const bytes = utf8('before')
    await log().append(topic, [bytes])
    bytes.fill(0)
    expectSame(await readAll(log(), topic), [utf8('before')])
  })
}

const refusalPromises = ({ log, newTopic, unknownTopic }: Subject): void => {
  test('refuses what no log can hold as the bug of the caller, and writes nothing', async () => {
    const topic = await newTopic()
    const tooLong = new Uint8Array(LIMITS.entryBytesMax + 1)
    const half = new Uint8Array(LIMITS.appendBatchBytesMax / 8 + 1)
    const wrong = [
      [],
      [new Uint8Array(0)],
      [utf8('good'), new Uint8Array(0)],
      [utf8('good'), tooLong],
      Array.from({ length: LIMITS.appendEntriesMax + 1 }, () => utf8('x')),
      Array.from({ length: 8 }, () => half),
    ]
    for (const entries of wrong) {
      await expect(log().append(topic, entries)).rejects.toThrow(RangeError)
    }
    expect(await log().head(topic)).toBe(0)
  })

  test('refuses a topic that was never created', async () => {
    await expect(log().append(unknownTopic(), [utf8('a')])).rejects.toThrow(UnknownTopic)
  })
}

const concurrencyPromises = ({ log, newTopic }: Subject): void => {
  test('keeps the order of 1,000 calls over 10 topics', async () => {
    const topics = await Promise.all(Array.from({ length: 10 }, newTopic))
    const calls = Array.from({ length: 1_000 }, (_, n) => ({
      topic: topics[(n * 7) % topics.length] ?? '',
      entries: Array.from({ length: 1 + (n % 3) }, (_, part) => utf8(`${n}.${part}`)),
    }))
    const offsets = await Promise.all(calls.map((call) => log().append(call.topic, call.entries)))
    for (const topic of topics) {
      const own = calls.flatMap((call, n) => (call.topic === topic ? [n] : []))
      expect(own.flatMap((n) => offsets[n] ?? [])).toEqual(
        own.flatMap((n) => calls[n]?.entries ?? []).map((_, offset) => offset),
      )
      expectSame(
        await readAll(log(), topic),
        own.flatMap((n) => calls[n]?.entries ?? []),
      )
    }
  })

  test('makes each topic the calls in their order, whatever they are', async () => {
    const topics = await Promise.all(Array.from({ length: 3 }, newTopic))
    const entry = fc.uint8Array({ minLength: 1, maxLength: 64 })
    const call = fc.record({
      topic: fc.constantFrom(...topics),
      entries: fc.array(entry, { minLength: 1, maxLength: 5 }),
    })
    const law = async (calls: { topic: string; entries: Uint8Array[] }[]): Promise<void> => {
      const heads = new Map<string, number>()
      for (const topic of topics) heads.set(topic, await log().head(topic))
      await Promise.all(calls.map(({ topic, entries }) => log().append(topic, entries)))
      for (const topic of topics) {
        const own = calls.filter((each) => each.topic === topic)
        expectSame(
          await readAll(log(), topic, heads.get(topic)),
          own.flatMap((each) => each.entries),
        )
      }
    }
    await fc.assert(fc.asyncProperty(fc.array(call, { maxLength: 20 }), law), { numRuns: 25 })
  })
}

const floodPromises = ({ log, newTopic }: Subject): void => {
  test('appends or plainly refuses each of more calls than may wait', async () => {
    const topic = await newTopic()
    const calls = Array.from({ length: LIMITS.appendsWaitingMax + 2_000 }, (_, n) =>
      log().append(topic, [utf8(`${n}`)]),
    )
    const outcomes = await Promise.allSettled(calls)
    const kept = outcomes.flatMap((outcome, n) =>
      outcome.status === 'fulfilled' ? [utf8(`${n}`)] : [],
    )
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(LogUnavailable)
    }
    expect(kept.length).toBeGreaterThanOrEqual(LIMITS.appendsWaitingMax)
    expectSame(await readAll(log(), topic), kept)
  })

  test('appends or plainly refuses each of more bytes than may wait', async () => {
    const topic = await newTopic()
    const entry = new Uint8Array(LIMITS.entryBytesMax)
    const count = LIMITS.appendsWaitingBytesMax / entry.length + 8
    const calls = Array.from({ length: count }, () => log().append(topic, [entry]))
    const outcomes = await Promise.allSettled(calls)
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(LogUnavailable)
    }
    const kept = outcomes.filter(({ status }) => status === 'fulfilled').length
    expect(kept).toBeGreaterThan(0)
    expect(await log().head(topic)).toBe(kept)
  })
}

const flashPromises = ({ log, newTopic }: Subject): void => {
  test('keeps the order of its topic', async () => {
    const topic = await newTopic()
    const calls = Array.from({ length: 60 }, (_, n) =>
      log().append(topic, [utf8(`${n}`)], { lane: n % 3 === 0 ? 'flash' : 'ordinary' }),
    )
    expect((await Promise.all(calls)).flat()).toEqual(calls.map((_, n) => n))
    expectSame(
      await readAll(log(), topic),
      calls.map((_, n) => utf8(`${n}`)),
    )
  })

  test('is taken although no more of the ordinary may wait', async () => {
    const [full, topic] = [await newTopic(), await newTopic()]
    const ordinary = Promise.allSettled(
      Array.from({ length: LIMITS.appendsWaitingMax + 500 }, (_, n) =>
        log().append(full, [utf8(`${n}`)]),
      ),
    )
    const flashes = Array.from({ length: 50 }, (_, n) =>
      log().append(topic, [utf8(`${n}`)], { lane: 'flash' }),
    )
    expect((await Promise.all(flashes)).flat()).toEqual(flashes.map((_, n) => n))
    await ordinary
  })
}

const precedencePromises = ({ log, newTopic }: Subject): void => {
  test('goes before what waits for other topics', async () => {
    const [flash, ...others] = [await newTopic(), await newTopic(), await newTopic()]
    // What a topic's first append has to find out is no part of the order.
    for (const topic of [flash, ...others]) await log().append(topic, [utf8('warm')])
    const settled: string[] = []
    const large = new Uint8Array(LIMITS.entryBytesMax)
    const ordinary = Array.from({ length: 24 }, async (_, n) => {
      await log().append(others[n % others.length] ?? '', [large])
      settled.push('ordinary')
    })
    await log().append(flash, [utf8('first')], { lane: 'flash' })
    settled.push('flash')
    await Promise.all(ordinary)
    // Of each other topic a batch may have been on its way, and what was with it in that batch.
    const batch = LIMITS.appendBatchBytesMax / LIMITS.entryBytesMax
    expect(settled.indexOf('flash')).toBeLessThanOrEqual(batch * others.length)
  })
}

const topicPromises = ({ log, reopen, newTopic, unknownTopic }: Subject): void => {
  test('are created once and keep their entries', async () => {
    const [one, two] = [unknownTopic(), unknownTopic()]
    await log().ensureTopics([one])
    await log().append(one, [utf8('a')])
    await Promise.all([log().ensureTopics([one, two]), log().ensureTopics([two, one])])
    expect(await log().head(one)).toBe(1)
    expect(await log().append(two, [utf8('b')])).toEqual([0])
  })

  test('are there when the store is opened again, and go on where they were', async () => {
    const topic = await newTopic()
    await log().append(topic, ['a', 'b'].map(utf8))
    const again = await reopen()
    expect(await again.head(topic)).toBe(2)
    expect(await again.append(topic, [utf8('c')])).toEqual([2])
    expect(texts(await readAll(again, topic))).toEqual(['0 a', '1 b', '2 c'])
  })
}

const closePromises = ({ log, reopen, newTopic }: Subject): void => {
  test('settles every append that was accepted', async () => {
    const topic = await newTopic()
    const before = log()
    const calls = Array.from({ length: 100 }, (_, n) => before.append(topic, [utf8(`${n}`)]))
    const again = await reopen()
    expect((await Promise.all(calls)).flat()).toEqual(calls.map((_, n) => n))
    expect(await again.head(topic)).toBe(100)
  })

  test('may be called again; everything else is unavailable from then on', async () => {
    const topic = await newTopic()
    const closed = log()
    await reopen()
    await closed.close()
    await expect(closed.append(topic, [utf8('a')])).rejects.toThrow(LogUnavailable)
    await expect(closed.read(topic, 0, 1)).rejects.toThrow(LogUnavailable)
    await expect(closed.head(topic)).rejects.toThrow(LogUnavailable)
    await expect(closed.ensureTopics([topic])).rejects.toThrow(LogUnavailable)
    await expect(take(closed.follow(topic, 0, never()), 1)).rejects.toThrow(LogUnavailable)
    expect(await log().head(topic)).toBe(0)
  })

  test('throws at those who still follow, for their wait would have no end', async () => {
    const topic = await newTopic()
    const followed = take(log().follow(topic, 0, never()), 1)
    const thrown = expect(followed).rejects.toThrow(LogUnavailable)
    await reopen()
    await thrown
  })
}
