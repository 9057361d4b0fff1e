import { expect, test } from 'vitest'
import { systemClock } from '#adapters/crypto/clock.ts'
import { randomBytes } from '#adapters/crypto/random.ts'

test('sleeps for as long as it was told', async () => {
  const startMs = systemClock.monotonicMs()
  await systemClock.sleep(20)
  // A timer may fire a fraction of a millisecond early.
  expect(systemClock.monotonicMs() - startMs).toBeGreaterThan(18)
})

test('wakes at once when the signal aborts, before the sleep or during it', async () => {
  const startMs = systemClock.monotonicMs()
  const abort = new AbortController()
  const sleeping = systemClock.sleep(60_000, abort.signal)
  abort.abort()
  await sleeping
  await systemClock.sleep(60_000, abort.signal)
  expect(systemClock.monotonicMs() - startMs).toBeLessThan(5_000)
})

test('says the time in milliseconds since 1970', () => {
  expect(Math.abs(systemClock.nowMs() - Date.now())).toBeLessThan(1_000)
})

test('gives as many random bytes as asked for, others each time', () => {
  expect(randomBytes(0)).toEqual(new Uint8Array(0))
  expect(randomBytes(16)).toHaveLength(16)
  expect(randomBytes(16)).not.toEqual(randomBytes(16))
})
