import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Guard, Rate } from '#core/ports/guard.ts'

/** A guard whose time the suite can let pass; for a real store that is to wait. */
export interface GuardHarness {
  readonly guard: Guard
  /** Resolves when at least `ms` have passed for the guard. */
  pass(ms: number): Promise<void>
  /** Closes the guard and removes its store. */
  dispose(): Promise<void>
}

/**
 * Registers the tests of every promise in `core/ports/guard.ts`. Written for real time too: nothing
 * here depends on a call being quicker than `SLACK_MS`.
 */
export const guardContract = (name: string, openHarness: () => Promise<GuardHarness>): void => {
  describe(`${name} keeps the promises of a guard`, () => {
    let harness: GuardHarness

    beforeAll(async () => {
      harness = await openHarness()
    })
    afterAll(() => harness?.dispose())

    const subject: Subject = {
      guard: () => harness.guard,
      pass: (ms) => harness.pass(ms),
    }
    describe('use once', () => useOncePromises(subject))
    describe('take', () => takePromises(subject))
    describe('peek and charge', () => chargePromises(subject))
    test('it works, and says so', () => {
      expect(harness.guard.state()).toBe('working')
    })
  })
}

interface Subject {
  readonly guard: () => Guard
  readonly pass: (ms: number) => Promise<void>
}

const SLACK_MS = 500
const LONG_MS = 60_000

const useOncePromises = ({ guard, pass }: Subject): void => {
  test('a key is new once, and used afterwards', async () => {
    const key = newName()
    expect(await guard().useOnce(key, LONG_MS)).toBe(true)
    expect(await guard().useOnce(key, LONG_MS)).toBe(false)
    expect(await guard().useOnce(key, 1)).toBe(false)
  })

  test('each key is by itself', async () => {
    const key = newName()
    expect(await guard().useOnce(key, LONG_MS)).toBe(true)
    for (const other of [`${key} `, key.toUpperCase(), `${key}:`, newName()]) {
      expect(await guard().useOnce(other, LONG_MS), other).toBe(true)
    }
  })

  test('of many that use one key at once, one is the first', async () => {
    const key = newName()
    const uses = Array.from({ length: 50 }, () => guard().useOnce(key, LONG_MS))
    expect((await Promise.all(uses)).filter((isFirst) => isFirst)).toHaveLength(1)
  })

  test('a key is new again when its time has passed, not when it is asked for again', async () => {
    const key = newName()
    expect(await guard().useOnce(key, 2 * SLACK_MS)).toBe(true)
    await pass(SLACK_MS)
    expect(await guard().useOnce(key, LONG_MS)).toBe(false)
    await pass(2 * SLACK_MS)
    expect(await guard().useOnce(key, LONG_MS)).toBe(true)
    expect(await guard().useOnce(key, LONG_MS)).toBe(false)
  })

  test('keys of any characters can be used', async () => {
    for (const text of ['', ' ', '{a}', 'a\nb', '*', 'رابطہ', '__proto__', 'x'.repeat(200)]) {
      const key = `${newName()}${text}`
      expect(await guard().useOnce(key, LONG_MS)).toBe(true)
      expect(await guard().useOnce(key, LONG_MS)).toBe(false)
    }
  })
}

const takePromises = ({ guard, pass }: Subject): void => {
  test('a bucket gives its burst at once and then none', async () => {
    for (const burst of [1, 2, 7, 50]) {
      const bucket = newName()
      expect(await takenOf(guard(), bucket, { perMinute: 1, burst }, burst + 3)).toBe(burst)
    }
  })

  test('of many that take at once, as many get one as there are', async () => {
    const bucket = newName()
    const rate = { perMinute: 1, burst: 5 }
    const takes = Array.from({ length: 50 }, () => guard().take(bucket, rate))
    expect((await Promise.all(takes)).filter(({ allowed }) => allowed)).toHaveLength(5)
  })

  test('an empty bucket says when it will hold one, and then it does', async () => {
    const bucket = newName()
    // One a second.
    const rate = { perMinute: 60, burst: 2 }
    await takenOf(guard(), bucket, rate, 2)
    const taken = await guard().take(bucket, rate)
    if (taken.allowed) throw new Error('an empty bucket gave one')
    expect(taken.retryAfterMs).toBeGreaterThan(1_000 - SLACK_MS)
    expect(taken.retryAfterMs).toBeLessThanOrEqual(1_000)
    await pass(taken.retryAfterMs)
    expect(await guard().take(bucket, rate)).toEqual({ allowed: true })
    expect((await guard().take(bucket, rate)).allowed).toBe(false)
  })

  test('asking in vain takes nothing', async () => {
    const bucket = newName()
    const rate = { perMinute: 60, burst: 1 }
    await takenOf(guard(), bucket, rate, 20)
    await pass(1_000)
    expect(await takenOf(guard(), bucket, rate, 1)).toBe(1)
  })

  test('a bucket refills to its burst and no further', async () => {
    const bucket = newName()
    // Ten a second: full within half a second.
    const rate = { perMinute: 600, burst: 3 }
    expect(await takenOf(guard(), bucket, rate, 3)).toBe(3)
    await pass(1_000)
    const slow = { perMinute: 1, burst: 3 }
    expect(await takenOf(guard(), bucket, slow, 10)).toBe(3)
  })

  test('each bucket is by itself, and no key of one use', async () => {
    const name = newName()
    const rate = { perMinute: 1, burst: 1 }
    expect(await guard().useOnce(name, LONG_MS)).toBe(true)
    expect((await guard().take(name, rate)).allowed).toBe(true)
    expect((await guard().take(`${name}:`, rate)).allowed).toBe(true)
    expect((await guard().take(name, rate)).allowed).toBe(false)
    expect(await guard().useOnce(name, LONG_MS)).toBe(false)
  })
}

const chargePromises = ({ guard, pass }: Subject): void => {
  test('a look says what a take would get, and takes nothing', async () => {
    const bucket = newName()
    const rate = { perMinute: 1, burst: 2 }
    for (let look = 0; look < 5; look += 1) {
      expect(await guard().peek(bucket, rate)).toEqual({ allowed: true })
    }
    expect(await takenOf(guard(), bucket, rate, 5)).toBe(2)
    const looked = await guard().peek(bucket, rate)
    if (looked.allowed) throw new Error('an empty bucket looked as if it held one')
    expect(looked.retryAfterMs).toBeGreaterThan(60_000 - SLACK_MS)
    expect(looked.retryAfterMs).toBeLessThanOrEqual(60_000)
  })

  test('what was charged is gone as what was taken is', async () => {
    const bucket = newName()
    const rate = { perMinute: 1, burst: 3 }
    await guard().charge(bucket, rate)
    await guard().take(bucket, rate)
    expect(await guard().peek(bucket, rate)).toEqual({ allowed: true })
    await guard().charge(bucket, rate)
    expect((await guard().peek(bucket, rate)).allowed).toBe(false)
    expect((await guard().take(bucket, rate)).allowed).toBe(false)
  })

  test('what many charge at once beyond the bucket is owed', async () => {
    const bucket = newName()
    // One a second.
    const rate = { perMinute: 60, burst: 5 }
    await Promise.all(Array.from({ length: 8 }, () => guard().charge(bucket, rate)))
    const looked = await guard().peek(bucket, rate)
    if (looked.allowed) throw new Error('a bucket that owes gave one')
    expect(looked.retryAfterMs).toBeGreaterThan(4_000 - SLACK_MS)
    expect(looked.retryAfterMs).toBeLessThanOrEqual(4_000)
  })

  test('no more is owed than the bucket holds, and then it gives again', async () => {
    const bucket = newName()
    // Ten a second.
    const rate = { perMinute: 600, burst: 5 }
    await Promise.all(Array.from({ length: 100 }, () => guard().charge(bucket, rate)))
    const looked = await guard().peek(bucket, rate)
    if (looked.allowed) throw new Error('a bucket that owes gave one')
    expect(looked.retryAfterMs).toBeLessThanOrEqual(600)
    await pass(looked.retryAfterMs)
    expect(await guard().take(bucket, rate)).toEqual({ allowed: true })
  })
}

/** How many of `times` takes, one after another, get one. */
const takenOf = async (
  guard: Guard,
  bucket: string,
  rate: Rate,
  times: number,
): Promise<number> => {
  let count = 0
  for (let time = 0; time < times; time += 1) {
    if ((await guard.take(bucket, rate)).allowed) count += 1
  }
  return count
}

/** Unlike any of an earlier run, since a store may outlive the run. */
const newName = (): string => `contract-${crypto.randomUUID()}`
