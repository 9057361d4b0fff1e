import { expect, test } from 'vitest'
import { HubMisbehaved, HubRefusal, HubUnreachable } from '#clients/sdk/errors.ts'
import { resumeWaitMs } from '#clients/sdk/resume.ts'
import { LIMITS } from '#core/limits.ts'

const away = new HubUnreachable('gone')
const refusal = (status: number, retryAfterMs: number | null) =>
  new HubRefusal({
    status,
    code: 'a-code',
    title: '',
    detail: null,
    reasons: [],
    remedy: null,
    requestId: null,
    retryAfterMs,
  })
const open = (attempt: number) => ({ attempt, wasOpen: true })

test('a stream that was open is taken up, however long the hub is away', () => {
  expect([1, 2, 3].map((attempt) => resumeWaitMs(away, open(attempt), 0))).toEqual([
    250, 500, 1_000,
  ])
  expect(resumeWaitMs(away, open(1), 1)).toBe(375)
  expect(resumeWaitMs(away, open(10_000), 0.5)).toBe(LIMITS.clientRetryMsMax)
})

test.each([503, 429])('what is put off with %d is waited for as the hub asks', (status) => {
  expect(resumeWaitMs(refusal(status, 1_000), open(1), 0)).toBe(1_000)
  expect(resumeWaitMs(refusal(status, 0), open(3), 0)).toBe(1_000)
})

test('a stream that never opened is given up as any call is', () => {
  const first = { attempt: 1, wasOpen: false }
  expect(resumeWaitMs(away, first, 0)).toBeNull()
  expect(resumeWaitMs(refusal(429, 1_000), first, 0)).toBeNull()
  expect(resumeWaitMs(refusal(503, 1_000), first, 0)).toBe(1_000)
  const last = { attempt: LIMITS.clientAttemptsMax, wasOpen: false }
  expect(resumeWaitMs(refusal(503, 1_000), last, 0)).toBeNull()
})

test.each([
  ['a refusal', refusal(403, null)],
  ['a wait longer than anybody waits', refusal(503, 60_000)],
  ['a hub that lies', new HubMisbehaved('answer-malformed', '')],
  ['a fault of this program', new TypeError('x')],
])('%s ends a stream', (_what, failed) => {
  expect(resumeWaitMs(failed, open(1), 0)).toBeNull()
})
