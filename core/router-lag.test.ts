import { beforeEach, expect, test } from 'vitest'
import { LIMITS } from '#core/limits.ts'
import { RouterLag } from '#core/router-lag.ts'
import { alertName } from '#tests/view-rows.ts'

const TOPIC = 'live.intake.PK-KP'
const LATE_MS = LIMITS.routerLagMsMax + 1

let lag: RouterLag
beforeEach(() => {
  lag = new RouterLag()
})

const send = (number: number, nowMs: number, topic = TOPIC): void =>
  lag.sent(topic, 'live', alertName(number), nowMs)

test('a router from which nothing is awaited is not late', () => {
  expect(lag.isLate(TOPIC, 1e9)).toBe(false)
})

test('an alert that does not come out in time makes its topic late, and no other', () => {
  send(1, 0)
  expect(lag.isLate(TOPIC, LIMITS.routerLagMsMax)).toBe(false)
  expect(lag.isLate(TOPIC, LATE_MS)).toBe(true)
  expect(lag.isLate('live.intake.PK-SD', LATE_MS)).toBe(false)
})

test('what comes out vouches for what went in before it, not for what came after', () => {
  for (const [number, nowMs] of [
    [1, 0],
    [2, 10],
    [3, 500],
  ] as const) {
    send(number, nowMs)
  }
  lag.cameOut('live', alertName(2))
  expect(lag.isLate(TOPIC, LATE_MS)).toBe(false)
  expect(lag.isLate(TOPIC, 500 + LATE_MS)).toBe(true)
  lag.cameOut('live', alertName(3))
  expect(lag.isLate(TOPIC, 1e9)).toBe(false)
})

test('the same id of another realm or origin vouches for nothing', () => {
  send(1, 0)
  lag.cameOut('exercise', alertName(1))
  lag.cameOut('live', alertName(1, 'ctd-sindh'))
  lag.cameOut('live', alertName(2))
  expect(lag.isLate(TOPIC, LATE_MS)).toBe(true)
})

test('what did not go in is not waited for, and vouches for nothing', () => {
  send(1, 0)
  send(2, 0)
  lag.gaveUp('live', alertName(2))
  expect(lag.isLate(TOPIC, LATE_MS)).toBe(true)
  lag.gaveUp('live', alertName(1))
  expect(lag.isLate(TOPIC, LATE_MS)).toBe(false)
  lag.gaveUp('live', alertName(3))
})

test('an alert that is sent again counts from its first time', () => {
  send(1, 0)
  send(1, 900)
  expect(lag.isLate(TOPIC, LATE_MS)).toBe(true)
})

test('a late router is asked again, once in a while', () => {
  send(1, 0)
  const asked: number[] = []
  for (let nowMs = LATE_MS; nowMs < 3.5 * LIMITS.routerProbeMs; nowMs += 1_000) {
    if (!lag.isLate(TOPIC, nowMs)) asked.push(nowMs)
  }
  expect(asked).toHaveLength(3)
})

test('it remembers no more than its limit, and the lag all the same', () => {
  const max = LIMITS.routerLagAlertsMax
  for (let number = 0; number < max + 10; number += 1) send(number, 0)
  expect(lag.isLate(TOPIC, LATE_MS)).toBe(true)
  lag.cameOut('live', alertName(max - 1))
  expect(lag.isLate(TOPIC, LATE_MS)).toBe(false)
})
