import { beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '#adapters/crypto/clock.ts'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { openMemoryLog } from '#adapters/memory/message-log.ts'
import { openSqliteRecordIndex } from '#adapters/sqlite/record-index.ts'
import { encodeAccessRecord } from '#core/access-record.ts'
import type { Alarm } from '#core/alarm.ts'
import { utf8 } from '#core/bytes.ts'
import { LIMITS } from '#core/limits.ts'
import type { RecordIndex } from '#core/ports/record-index.ts'
import { TopicFollowers } from '#core/topic-followers.ts'
import { ACCESS_TOPIC } from '#core/topics.ts'
import { RecordView } from '#services/audit/record-view.ts'
import { fill, type LogStores, newStores } from '#tests/access-log-bench.ts'
import { accessRecord } from '#tests/published-frame.ts'

let stores: LogStores
let index: RecordIndex
let alarms: Alarm[]
let stalled: string[]

/** Follows the topic to its end, as one run of the service. */
const follow = async (): Promise<void> => {
  const log = openMemoryLog(stores.entries)
  const onAlarm = (alarm: Alarm): void => void alarms.push(alarm)
  const onTrouble = (_topic: string, error: Error): void => void stalled.push(error.message)
  const view = new RecordView({ log, index, sha256, onAlarm })
  const followers = new TopicFollowers(view, { log, clock: systemClock, onTrouble })
  followers.start()
  const end = stores.entries.get(ACCESS_TOPIC)?.length
  await expect
    .poll(() => index.nextIndex() === end || stalled.length > 0, { timeout: 20_000 })
    .toBe(true)
  await followers.stop()
}

const ALL = {
  visibleTo: null,
  realm: 'live',
  principal: null,
  agency: null,
  alert: null,
  action: null,
  outcome: null,
  fromMs: null,
  toMs: null,
  before: Number.MAX_SAFE_INTEGER,
  limit: 10_000,
} as const

const records = (count: number): readonly Uint8Array[] =>
  Array.from({ length: count }, () => encodeAccessRecord(accessRecord()))

beforeEach(() => {
  stores = newStores()
  index = openSqliteRecordIndex({ path: ':memory:', onReset: () => undefined })
  alarms = []
  stalled = []
})

describe('the record index', () => {
  test('finds every record, and goes on after a restart', async () => {
    fill(stores, ACCESS_TOPIC, records(3))
    await follow()
    fill(stores, ACCESS_TOPIC, records(2))
    await follow()
    expect(index.search(ALL)).toEqual([4, 3, 2, 1, 0])
    expect(alarms).toEqual([])
  })

  test('passes over what is no record, with an alarm', async () => {
    const [one = utf8(''), two = utf8('')] = records(2)
    fill(stores, ACCESS_TOPIC, [one, utf8('no record'), two])
    await follow()
    expect(index.search(ALL)).toEqual([2, 0])
    expect(alarms).toEqual([{ what: 'record-unreadable', topic: ACCESS_TOPIC, offset: 1 }])
  })

  test('shows a record that was sent twice once, however its doubles lie', async () => {
    const [one = utf8(''), two = utf8(''), three = utf8('')] = records(3)
    fill(stores, ACCESS_TOPIC, [one, one, two, three, two, three])
    await follow()
    expect(index.search(ALL)).toEqual([3, 2, 0])
    fill(stores, ACCESS_TOPIC, [one, three])
    await follow()
    expect(index.search(ALL)).toEqual([3, 2, 0])
    expect(index.nextIndex()).toBe(8)
  })

  test('remembers no more leaves than it may', async () => {
    const [one = utf8('')] = records(1)
    fill(stores, ACCESS_TOPIC, [one, ...records(LIMITS.doublesWindowLeaves), one])
    await follow()
    expect(index.search({ ...ALL, limit: 1 })).toEqual([LIMITS.doublesWindowLeaves + 1])
  })

  test('counts from the last time that a leaf came', async () => {
    const [one = utf8('')] = records(1)
    const some = records(LIMITS.doublesWindowLeaves - 10)
    fill(stores, ACCESS_TOPIC, [one, ...records(20), one, ...some, one])
    await follow()
    expect(index.search({ ...ALL, limit: 1 })).toEqual([21 + some.length])
  })

  test('stands still at what is no leaf', async () => {
    fill(stores, ACCESS_TOPIC, [...records(1), new Uint8Array(0), ...records(1)])
    await follow()
    expect(stalled).toEqual(['access entry 1 has 0 bytes, so it is no leaf'])
    expect(index.nextIndex()).toBe(0)
  })
})
