import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openMemoryGuard } from '#adapters/memory/guard.ts'
import { guardContract } from '#tests/contracts/guard.ts'

/** A clock that stands where it is put. */
const standingClock = (startMs = 0) => {
  let nowMs = startMs
  return {
    monotonicMs: () => nowMs,
    pass: (ms: number) => {
      nowMs += ms
    },
  }
}

guardContract('the memory guard', async () => {
  const clock = standingClock()
  const guard = openMemoryGuard({ clock })
  return { guard, pass: async (ms) => clock.pass(ms), dispose: () => guard.close() }
})

const LONG_MS = 60_000

describe('the memory guard, when it is full,', () => {
  test('forgets what was used longest ago, and says so while it would have mattered', async () => {
    const clock = standingClock()
    const guard = openMemoryGuard({ clock, entriesMax: 3 })
    for (const key of ['a', 'b', 'c']) await guard.useOnce(key, LONG_MS)
    expect(guard.state()).toBe('working')
    clock.pass(10)
    await guard.useOnce('d', LONG_MS)
    expect(guard.state()).toBe('degraded')
    expect(await guard.useOnce('b', LONG_MS)).toBe(false)
    expect(await guard.useOnce('a', LONG_MS)).toBe(true)
    clock.pass(LONG_MS - 11)
    expect(guard.state()).toBe('degraded')
    clock.pass(1)
    expect(guard.state()).toBe('working')
  })

  test('keeps the keys although ever new buckets push out the older ones', async () => {
    const guard = openMemoryGuard({ clock: standingClock(), entriesMax: 3 })
    await guard.useOnce('key', LONG_MS)
    const rate = { perMinute: 1, burst: 1 }
    for (const bucket of ['a', 'b', 'c', 'd']) await guard.take(bucket, rate)
    expect(guard.state()).toBe('degraded')
    expect(await guard.useOnce('key', LONG_MS)).toBe(false)
    expect((await guard.take('d', rate)).allowed).toBe(false)
    expect((await guard.take('a', rate)).allowed).toBe(true)
  })

  test('keeps a bucket that is in use', async () => {
    const guard = openMemoryGuard({ clock: standingClock(), entriesMax: 3 })
    const rate = { perMinute: 1, burst: 4 }
    for (const other of ['a', 'b', 'c', 'd']) {
      await guard.take('used', rate)
      await guard.take(other, rate)
    }
    expect((await guard.take('used', rate)).allowed).toBe(false)
  })

  test('is not degraded by any number of keys whose time has passed', async () => {
    const clock = standingClock()
    const guard = openMemoryGuard({ clock, entriesMax: 100 })
    for (let key = 0; key < 10_000; key += 1) {
      await guard.useOnce(`${key}`, 40)
      clock.pass(1)
      expect(guard.state()).toBe('working')
    }
  })
})

test('a bucket gives exactly its burst, whatever the rate and the time', async () => {
  const rates = fc.record({
    perMinute: fc.integer({ min: 1, max: 100_000 }),
    burst: fc.integer({ min: 1, max: 300 }),
  })
  const starts = fc.double({ min: 0, max: 1e10, noNaN: true })
  await fc.assert(
    fc.asyncProperty(rates, starts, async (rate, startMs) => {
      const guard = openMemoryGuard({ clock: standingClock(startMs) })
      const takes = Array.from({ length: rate.burst + 2 }, () => guard.take('one', rate))
      const allowed = (await Promise.all(takes)).filter((taken) => taken.allowed)
      expect(allowed).toHaveLength(rate.burst)
    }),
  )
})

test('over any stretch of time a bucket gives no more than burst and rate allow', async () => {
  const rate = { perMinute: 70, burst: 5 }
  const pauses = fc.array(fc.integer({ min: 0, max: 2_000 }), { maxLength: 100 })
  await fc.assert(
    fc.asyncProperty(pauses, async (pausesMs) => {
      const clock = standingClock()
      const guard = openMemoryGuard({ clock })
      let allowed = 0
      for (const pauseMs of pausesMs) {
        clock.pass(pauseMs)
        if ((await guard.take('one', rate)).allowed) allowed += 1
      }
      expect(allowed).toBeLessThanOrEqual(rate.burst + (clock.monotonicMs() * 70) / 60_000)
    }),
  )
})

test('who waits as long as he was told is given one', async () => {
  const rates = fc.record({
    perMinute: fc.integer({ min: 1, max: 10_000 }),
    burst: fc.integer({ min: 1, max: 5 }),
  })
  await fc.assert(
    fc.asyncProperty(rates, async (rate) => {
      const clock = standingClock(1_234.5)
      const guard = openMemoryGuard({ clock })
      for (let time = 0; time < 20; time += 1) {
        const taken = await guard.take('one', rate)
        if (taken.allowed) continue
        expect(taken.retryAfterMs).toBeGreaterThan(0)
        clock.pass(taken.retryAfterMs)
        expect(await guard.take('one', rate)).toEqual({ allowed: true })
      }
    }),
  )
})

test('closing can be done twice', async () => {
  const guard = openMemoryGuard({ clock: standingClock() })
  await guard.close()
  await guard.close()
})
