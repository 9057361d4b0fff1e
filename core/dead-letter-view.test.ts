import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '#adapters/crypto/clock.ts'
import { openMemoryLog } from '#adapters/memory/message-log.ts'
import { openSqliteIntakeStore } from '#adapters/sqlite/intake-store.ts'
import { type AccessRecord, encodeAccessRecord } from '#core/access-record.ts'
import { type DeadLetter, encodeDeadLetter } from '#core/dead-letter.ts'
import { DeadLetterView } from '#core/dead-letter-view.ts'
import type { IntakeRow, IntakeStore } from '#core/ports/intake-store.ts'
import type { LogEntry, MessageLog } from '#core/ports/message-log.ts'
import { TopicFollowers, type TopicView } from '#core/topic-followers.ts'
import { ACCESS_TOPIC, deadLetterTopic, intakeTopic } from '#core/topics.ts'
import { accessRecord } from '#tests/published-frame.ts'

const LETTERS = deadLetterTopic('live')
const INTAKE = intakeTopic('live', 'PK-KP')
const REASON = 'key-or-agency-out'

let log: MessageLog
let store: IntakeStore
let followers: readonly TopicFollowers[]
let row: IntakeRow

/** Every entry of the intake is `row`. */
const intakeView: TopicView = {
  topics: [INTAKE],
  nextOffset: (topic) => store.nextOffset(topic),
  take: async (topic, entries: readonly LogEntry[]) => {
    store.apply(topic, [row], (entries.at(-1)?.offset ?? 0) + 1)
  },
}

beforeEach(async () => {
  log = openMemoryLog()
  await log.ensureTopics([LETTERS, INTAKE, ACCESS_TOPIC])
  store = openSqliteIntakeStore({ path: ':memory:', onReset: () => undefined })
  const deps = { log, clock: systemClock, onTrouble: () => undefined }
  const intake = new TopicFollowers(intakeView, deps)
  const home = () => INTAKE
  const view = new DeadLetterView([LETTERS], { store, log, intake, home, onAlarm: () => undefined })
  followers = [intake, new TopicFollowers(view, deps)]
})
afterEach(async () => {
  await Promise.all(followers.map((one) => one.stop()))
  store.close()
  await log.close()
})

/** A letter, the record that it quotes, and the row of its alert, as the router makes them. */
const deadLettered = async (
  changes: Partial<AccessRecord> = {},
  letter: Partial<DeadLetter> = {},
) => {
  const record = accessRecord({
    service: 'ROUTER',
    principal: null,
    agency: null,
    action: 'DEAD_LETTER',
    outcome: 'DENIED',
    reasons: [REASON],
    ...changes,
  })
  const { realm, alert } = record
  if (alert?.digest == null) throw new RangeError('a letter names its alert')
  const { origin, id, digest } = alert
  row = { realm, origin, id, digest, offset: 0, publishRecordIndex: 0, acceptedAtMs: 1, fate: null }
  const [recordIndex = 0] = await log.append(ACCESS_TOPIC, [encodeAccessRecord(record)])
  const whole = {
    realm,
    origin,
    id,
    digest,
    reason: REASON,
    intakeOffset: 0,
    recordIndex,
    ...letter,
  }
  await log.append(INTAKE, [Uint8Array.of(1)])
  await log.append(LETTERS, [encodeDeadLetter(whole)])
}

const fate = async (first: 'intake' | 'letters') => {
  const order = first === 'intake' ? followers : followers.toReversed()
  for (const one of order) {
    one.start()
    await systemClock.sleep(30)
  }
  await Promise.all(followers.map((one) => one.caughtUp()))
  return store.find(row.realm, row)?.fate
}

test.each(['intake', 'letters'] as const)(
  'a letter counts, when the %s come first',
  async (first) => {
    await deadLettered()
    expect(await fate(first)).toEqual({ state: 'dead-lettered', why: REASON })
  },
)

test.each<[string, Partial<AccessRecord>, Partial<DeadLetter>]>([
  ['whose reason is not the record’s', {}, { reason: 'Please call 0300-0000000' }],
  ['whose record is of another act', { action: 'READ' }, {}],
  ['whose record is not there', {}, { recordIndex: 7 }],
  ['that quotes no record', {}, { recordIndex: -1 }],
])('a letter %s says nothing', async (_which, changes, letter) => {
  await deadLettered(changes, letter)
  expect(await fate('intake')).toBeNull()
})

test('a letter about other bytes than were accepted says nothing', async () => {
  await deadLettered()
  row = { ...row, digest: new Uint8Array(32) }
  expect(await fate('letters')).toBeNull()
})
