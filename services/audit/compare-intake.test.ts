import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '#adapters/crypto/clock.ts'
import { randomBytes } from '#adapters/crypto/random.ts'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { openMemoryLog } from '#adapters/memory/message-log.ts'
import { openSqliteIntakeStore } from '#adapters/sqlite/intake-store.ts'
import type { Alarm } from '#core/alarm.ts'
import { utf8 } from '#core/bytes.ts'
import type { Stamp } from '#core/frame.ts'
import { LIMITS } from '#core/limits.ts'
import type { Clock } from '#core/ports/clock.ts'
import type { IntakeStore } from '#core/ports/intake-store.ts'
import type { MessageLog } from '#core/ports/message-log.ts'
import { ACCESS_TOPIC } from '#core/topics.ts'
import { IntakeComparison } from '#services/audit/compare-intake.ts'
import { type LogStores, newStores } from '#tests/access-log-bench.ts'
import { publishedFrame } from '#tests/published-frame.ts'

const INTAKE = 'live.intake.PK-KP'
let stores: LogStores
let log: MessageLog
let store: IntakeStore
let alarms: Alarm[]
let aheadMs = 0
let comparison: IntakeComparison

/** Sweeps at once, and can be moved ahead. */
const clock: Clock = {
  nowMs: systemClock.nowMs,
  monotonicMs: () => systemClock.monotonicMs() + aheadMs,
  sleep: (_ms, signal) => systemClock.sleep(5, signal),
}

const start = (over = log): void => {
  comparison = new IntakeComparison({
    log: over,
    store,
    sha256,
    clock,
    onAlarm: (alarm) => alarms.push(alarm),
    onTrouble: (topic, error) => alarms.push({ what: 'topic-stalled', topic, why: error.message }),
  })
  comparison.start()
}

/** Long enough for a few sweeps over what is there now. */
const swept = async (): Promise<void> => {
  await comparison.caughtUp()
  await systemClock.sleep(40)
}

/** A publication, both appends in their order. */
const publish = async (): Promise<ReturnType<typeof publishedFrame>> => {
  const published = publishedFrame({ index: await log.head(ACCESS_TOPIC) })
  await log.append(ACCESS_TOPIC, [published.record])
  await log.append(INTAKE, [published.frame])
  return published
}

const alertOf = ({ origin, id, digest }: Stamp) => ({ origin, id, digest })

beforeEach(() => {
  stores = newStores()
  log = openMemoryLog(stores.entries)
  store = openSqliteIntakeStore({ path: ':memory:', onReset: () => undefined })
  alarms = []
  aheadMs = 0
  start()
})
afterEach(async () => {
  await comparison.stop()
})

describe('records of publication and stamps', () => {
  test('that belong together raise no alarm, ever', async () => {
    for (let count = 0; count < 20; count += 1) await publish()
    await swept()
    aheadMs = LIMITS.stampWaitMsMax + 1
    await swept()
    expect(alarms).toEqual([])
    expect(store.nextOffset(ACCESS_TOPIC)).toBe(20)
  })

  test('count a repeated publication for nothing', async () => {
    const { record, stamp } = await publish()
    await log.append(ACCESS_TOPIC, [record])
    const again = publishedFrame({ index: 2, changes: { alert: alertOf(stamp) } })
    await log.append(ACCESS_TOPIC, [again.record])
    await swept()
    aheadMs = LIMITS.stampWaitMsMax + 1
    await swept()
    expect(alarms).toEqual([])
  })
})

describe('a record without a stamp', () => {
  test('raises one alarm, and not before its time', async () => {
    const { record, stamp } = publishedFrame({ index: 0 })
    await log.append(ACCESS_TOPIC, [record])
    await swept()
    aheadMs = LIMITS.stampWaitMsMax - 5_000
    await swept()
    expect(alarms).toEqual([])
    aheadMs = LIMITS.stampWaitMsMax + 1
    await swept()
    const why = `live ctd-kp ${stamp.id}`
    const alarm = { what: 'record-without-stamp', topic: ACCESS_TOPIC, offset: 0, why }
    expect(alarms).toEqual([alarm])
    await comparison.stop()
    start()
    await swept()
    aheadMs *= 2
    await swept()
    expect(alarms).toEqual([alarm])
  })

  test('is completed by the retry of the publisher', async () => {
    const first = publishedFrame({ index: 0 })
    await log.append(ACCESS_TOPIC, [first.record])
    await swept()
    const retry = publishedFrame({ index: 1, changes: { alert: alertOf(first.stamp) } })
    await log.append(ACCESS_TOPIC, [retry.record])
    await log.append(INTAKE, [retry.frame])
    await swept()
    aheadMs = LIMITS.stampWaitMsMax + 1
    await swept()
    expect(alarms).toEqual([])
  })

  test('raises none while this service has not read the intake topics', async () => {
    await comparison.stop()
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    onTestFinished(() => open())
    const inner = log
    const slow: MessageLog = Object.assign(Object.create(null), {
      append: inner.append.bind(inner),
      read: inner.read.bind(inner),
      head: inner.head.bind(inner),
      async *follow(topic: string, from: number, signal: AbortSignal) {
        if (topic === INTAKE) await gate
        yield* inner.follow(topic, from, signal)
      },
    })
    start(slow)
    await publish()
    await systemClock.sleep(40)
    aheadMs = LIMITS.stampWaitMsMax + 1
    await systemClock.sleep(40)
    expect(alarms).toEqual([])
    open()
    await swept()
    expect(alarms).toEqual([])
  })

  test('is not forgotten in a restart', async () => {
    const { record } = publishedFrame({ index: 0 })
    await log.append(ACCESS_TOPIC, [record])
    await publish()
    await swept()
    await comparison.stop()
    expect(store.nextOffset(ACCESS_TOPIC)).toBe(0)
    start()
    await swept()
    aheadMs = LIMITS.stampWaitMsMax + 1
    await swept()
    expect(alarms).toMatchObject([{ what: 'record-without-stamp', offset: 0 }])
  })
})

describe('a stamp without its record', () => {
  const expectAlarm = async (frame: Uint8Array, why: string): Promise<void> => {
    const [offset] = await log.append(INTAKE, [frame])
    await swept()
    expect(alarms).toEqual([{ what: 'stamp-without-record', topic: INTAKE, offset, why }])
  }

  test('that is not there', async () => {
    await expectAlarm(publishedFrame({ index: 0 }).frame, 'no-such-record')
  })

  test('that has another leaf hash', async () => {
    await publish()
    await expectAlarm(publishedFrame({ index: 0 }).frame, 'other-record')
  })

  test('that is of another alert', async () => {
    const stampChanges = { digest: randomBytes(32) }
    const { record, frame } = publishedFrame({ index: 0, stampChanges })
    await log.append(ACCESS_TOPIC, [record])
    await expectAlarm(frame, 'other-alert')
  })

  test.each([{ outcome: 'DENIED' }, { action: 'READ' }] as const)('of %o', async (changes) => {
    const { record, frame } = publishedFrame({ index: 0, changes })
    await log.append(ACCESS_TOPIC, [record])
    await expectAlarm(frame, 'other-alert')
  })

  test('that is in a topic of the other realm', async () => {
    const { record, frame } = publishedFrame({ index: 0, changes: { realm: 'exercise' } })
    await log.append(ACCESS_TOPIC, [record])
    await expectAlarm(frame, 'other-realm')
  })

  test('does not count as the frame of a record', async () => {
    const { record, stamp } = publishedFrame({ index: 0 })
    await log.append(ACCESS_TOPIC, [record])
    const forged = publishedFrame({
      index: 9,
      changes: { alert: alertOf(stamp) },
    })
    await log.append(INTAKE, [utf8('no frame'), forged.frame])
    await swept()
    aheadMs = LIMITS.stampWaitMsMax + 1
    await swept()
    expect(alarms.map(({ what }) => what)).toEqual(['stamp-without-record', 'record-without-stamp'])
  })
})
