import { expect, test } from 'vitest'
import { retryWaitMs } from '#clients/sdk/retry.ts'
import { LIMITS } from '#core/limits.ts'

const putOff = { status: 503, retryAfterMs: 1_000 }

test('what the hub puts off is asked again after as long as it says, and a little more', () => {
  expect(retryWaitMs(putOff, 1, 0)).toBe(1_000)
  expect(retryWaitMs(putOff, 1, 0.5)).toBe(1_250)
})

test('the waits grow', () => {
  const atOnce = { status: 503, retryAfterMs: 0 }
  const waits = [1, 2, 3].map((attempt) => retryWaitMs(atOnce, attempt, 0))
  expect(waits).toEqual([250, 500, 1_000])
})

test('it is not asked for ever', () => {
  expect(retryWaitMs(putOff, LIMITS.clientAttemptsMax - 1, 0)).not.toBeNull()
  expect(retryWaitMs(putOff, LIMITS.clientAttemptsMax, 0)).toBeNull()
})

test.each([
  ['another status', { status: 500, retryAfterMs: 1_000 }],
  ['a refusal for too many requests', { status: 429, retryAfterMs: 1_000 }],
  ['no Retry-After', { status: 503, retryAfterMs: null }],
  ['a longer wait than anybody waits for', { status: 503, retryAfterMs: 60_000 }],
])('%s is an answer', (_what, failed) => {
  expect(retryWaitMs(failed, 1, 0)).toBeNull()
})

test('no wait is longer than the limit', () => {
  const long = { status: 503, retryAfterMs: LIMITS.clientRetryMsMax }
  expect(retryWaitMs(long, 1, 1)).toBe(LIMITS.clientRetryMsMax)
})
