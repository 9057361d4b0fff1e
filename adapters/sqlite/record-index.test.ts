import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openSqliteRecordIndex } from '#adapters/sqlite/record-index.ts'
import { ACCESS_ACTIONS, ACCESS_OUTCOMES } from '#core/access-record.ts'
import type { RecordIndex, RecordQuery, RecordRow } from '#core/ports/record-index.ts'
import { REALMS } from '#core/realm.ts'
import { agency, alertName, numberedRecordRow, principal } from '#tests/view-rows.ts'

let folder: string
let index: RecordIndex

const open = (): RecordIndex =>
  openSqliteRecordIndex({
    path: join(folder, 'records.db'),
    onReset: (why) => expect.fail(why),
  })

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rabta-records-'))
  index = open()
})
afterEach(() => {
  index.close()
  rmSync(folder, { recursive: true })
})

const ANYTHING: RecordQuery = {
  visibleTo: null,
  realm: null,
  principal: null,
  agency: null,
  alert: null,
  action: null,
  outcome: null,
  fromMs: null,
  toMs: null,
  before: Number.MAX_SAFE_INTEGER,
  limit: 100_000,
}

const search = (query: Partial<RecordQuery>) => index.search({ ...ANYTHING, ...query })

const numbered = (count: number, from = index.nextIndex()): readonly RecordRow[] =>
  Array.from({ length: count }, (_, place) => numberedRecordRow(from + place))

const record = (parts: Partial<NonNullable<RecordRow['record']>>): RecordRow['record'] => ({
  timeMs: 1_760_000_000_000,
  realm: 'live',
  principal: principal('ctd-kp/duty-officer'),
  agency: agency('ctd-kp'),
  action: 'READ',
  outcome: 'ALLOWED',
  alert: null,
  ...parts,
})

const downFrom = (highest: number, count = highest + 1): readonly number[] =>
  Array.from({ length: count }, (_, place) => highest - place)

test('an empty index begins at 0 and finds nothing', () => {
  expect(index.nextIndex()).toBe(0)
  expect(search({})).toEqual([])
  expect(search({ agency: agency('ctd-kp'), realm: 'live' })).toEqual([])
})

test('what was applied is found newest first, at once and after a restart', () => {
  index.apply(numbered(5))
  expect(index.nextIndex()).toBe(5)
  for (let round = 0; round < 2; round += 1) {
    expect(search({ agency: agency('ctd-punjab') })).toEqual([4, 3, 2, 1, 0])
    expect(search({ principal: principal('ctd-punjab/officer-3') })).toEqual([3])
    expect(search({ before: 3, limit: 2, realm: 'live' })).toEqual([2, 1])
    index.close()
    index = open()
    expect(index.nextIndex()).toBe(5)
  }
})

test('only the leaves that come next are taken', () => {
  index.apply(numbered(3))
  expect(() => index.apply(numbered(1, 4))).toThrow(RangeError)
  expect(() => index.apply(numbered(1, 2))).toThrow(RangeError)
  expect(() => index.apply([numberedRecordRow(3), numberedRecordRow(5)])).toThrow(RangeError)
  index.apply([])
  expect(index.nextIndex()).toBe(3)
})

test('an unreadable leaf is found when nothing is asked for, and else never', () => {
  const before = Number.MAX_SAFE_INTEGER
  index.apply([numberedRecordRow(0), { index: 1, record: null }, numberedRecordRow(2)])
  expect(search({})).toEqual([2, 1, 0])
  expect(search({ before: 2, limit: 1 })).toEqual([1])
  expect(search({ fromMs: 0 })).toEqual([2, 0])
  expect(search({ realm: 'live', before })).toEqual([2, 0])
  expect(search({ visibleTo: agency('ctd-punjab') })).toEqual([2, 0])
})

test('an agency sees what its principals did and what was done with its alerts, each once', () => {
  const [kp, sindh] = [agency('ctd-kp'), agency('ctd-sindh')]
  const rows = [
    record({ agency: kp }),
    record({ agency: sindh, principal: principal('ctd-sindh/analyst') }),
    record({ agency: sindh, alert: alertName(1, 'ctd-kp') }),
    record({ agency: kp, alert: alertName(1, 'ctd-kp') }),
    record({ agency: kp, alert: alertName(1, 'ctd-sindh') }),
    record({ agency: null, principal: null, action: 'DEAD_LETTER', alert: alertName(1, 'ctd-kp') }),
    record({ agency: null, principal: null, action: 'POLICY' }),
  ]
  index.apply(rows.map((one, place) => ({ index: place, record: one })))
  expect(search({ visibleTo: kp })).toEqual([5, 4, 3, 2, 0])
  expect(search({ visibleTo: sindh })).toEqual([4, 2, 1])
  expect(search({ visibleTo: sindh, agency: kp })).toEqual([4])
  expect(search({ visibleTo: sindh, alert: alertName(1, 'ctd-kp') })).toEqual([2])
  expect(search({ visibleTo: kp, principal: principal('ctd-sindh/analyst') })).toEqual([])
  expect(search({ visibleTo: agency('fia') })).toEqual([])
  expect(search({ realm: 'live' })).toEqual([6, 5, 4, 3, 2, 1, 0])
})

test('a record is found by its own time, wherever its writer’s clock put it', () => {
  const count = 12_500
  const hour = 3_600_000
  const rows = numbered(count).map(({ index: leaf, record: one }) => {
    // Leaf 9,000 comes from a clock that is ahead, leaf 10 from one that is behind.
    const wrong = leaf === 9_000 ? 9 * hour : leaf === 10 ? -9 * hour : 0
    return { index: leaf, record: one && { ...one, timeMs: one.timeMs + wrong } }
  })
  index.apply(rows.slice(0, 9_500))
  // The times of one block come from two transactions, and in between from the file.
  index.close()
  index = open()
  index.apply(rows.slice(9_500))
  const start = 1_760_000_000_000
  const punjab = { agency: agency('ctd-punjab') }
  expect(search({ ...punjab, fromMs: start + 5_000, toMs: start + 5_003 })).toEqual([
    5_002, 5_001, 5_000,
  ])
  expect(search({ fromMs: start + hour })).toEqual([9_000])
  expect(search({ toMs: start })).toEqual([10])
  expect(search({ ...punjab, fromMs: start + 8_999, toMs: start + 9_002 })).toEqual([9_001, 8_999])
  expect(search({ fromMs: start + 2 * hour, toMs: start + 3 * hour })).toEqual([])
  expect(search({ fromMs: start + 12_499 })).toEqual([12_499, 9_000])
  expect(search({ principal: principal('ctd-punjab/officer-0'), fromMs: start + 12_400 })).toEqual([
    12_420, 9_000,
  ])
})

test('a call that throws has changed nothing, also where much was not committed before it', () => {
  index.apply(numbered(100))
  const [good, bad] = numbered(2)
  const broken = { index: 101, record: bad?.record ? { ...bad.record, timeMs: Number.NaN } : null }
  for (let round = 0; round < 2; round += 1) {
    expect(() => index.apply([good ?? broken, broken])).toThrow()
    expect(index.nextIndex()).toBe(100)
  }
  expect(search({ agency: agency('ctd-punjab') })).toEqual(downFrom(99))
  index.apply(numbered(2))
  expect(search({ agency: agency('ctd-punjab') })).toEqual(downFrom(101))
  expect(search({ alert: alertName(6) })).toEqual(downFrom(101, 6))
  index.close()
  index = open()
  expect(index.nextIndex()).toBe(102)
  expect(search({ agency: agency('ctd-punjab') })).toEqual(downFrom(101))
})

test('rows go over from one transaction to the next', () => {
  for (let round = 0; round < 35; round += 1) index.apply(numbered(1_000))
  expect(index.nextIndex()).toBe(35_000)
  expect(search({ visibleTo: agency('ctd-kp') })).toEqual(downFrom(34_999))
})

const AGENCIES = ['ctd-kp', 'ctd-sindh', 'fia'].map(agency)
const PRINCIPALS = ['ctd-kp/a', 'ctd-kp/b', 'fia/a', 'ctd-sindh/a'].map(principal)
/** The same ids under every origin. */
const ALERTS = AGENCIES.flatMap((origin) => [1, 2].map((number) => alertName(number, origin)))

const aRecord = fc.record({
  timeMs: fc.nat({ max: 30 }),
  realm: fc.constantFrom(...REALMS),
  principal: fc.option(fc.constantFrom(...PRINCIPALS)),
  agency: fc.option(fc.constantFrom(...AGENCIES)),
  action: fc.constantFrom(...ACCESS_ACTIONS.slice(0, 4)),
  outcome: fc.constantFrom(...ACCESS_OUTCOMES),
  alert: fc.option(fc.constantFrom(...ALERTS)),
})

const seldom = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: value })

const aQuery: fc.Arbitrary<RecordQuery> = fc.record({
  visibleTo: seldom(fc.constantFrom(...AGENCIES)),
  realm: seldom(fc.constantFrom(...REALMS)),
  principal: seldom(fc.constantFrom(...PRINCIPALS)),
  agency: seldom(fc.constantFrom(...AGENCIES)),
  alert: seldom(fc.constantFrom(...ALERTS)),
  action: seldom(fc.constantFrom(...ACCESS_ACTIONS.slice(0, 5))),
  outcome: seldom(fc.constantFrom(...ACCESS_OUTCOMES)),
  fromMs: seldom(fc.nat({ max: 30 })),
  toMs: seldom(fc.nat({ max: 30 })),
  before: fc.nat({ max: 90 }),
  limit: fc.integer({ min: 1, max: 30 }),
})

const isWanted = ({ index: leaf, record: one }: RecordRow, query: RecordQuery): boolean => {
  const { before, limit: _, ...filter } = query
  if (leaf >= before) return false
  if (one === null) return Object.values(filter).every((value) => value === null)
  const { visibleTo, alert, fromMs, toMs } = query
  const same = (name: 'realm' | 'principal' | 'agency' | 'action' | 'outcome') =>
    query[name] === null || query[name] === one[name]
  return (
    (visibleTo === null || one.agency === visibleTo || one.alert?.origin === visibleTo) &&
    (alert === null || (one.alert?.origin === alert.origin && one.alert.id === alert.id)) &&
    (fromMs === null || one.timeMs >= fromMs) &&
    (toMs === null || one.timeMs < toMs) &&
    (['realm', 'principal', 'agency', 'action', 'outcome'] as const).every(same)
  )
}

test('a search finds exactly the newest records that match', () => {
  fc.assert(
    fc.property(
      fc.array(fc.option(aRecord, { freq: 8 }), { maxLength: 80 }),
      fc.array(aQuery, { minLength: 30, maxLength: 30 }),
      (records, queries) => {
        const options = { path: ':memory:', onReset: () => undefined }
        const small = openSqliteRecordIndex(options)
        const rows = records.map((one, place): RecordRow => ({ index: place, record: one }))
        small.apply(rows.slice(0, 10))
        small.apply(rows.slice(10))
        for (const query of queries) {
          const wanted = rows.filter((row) => isWanted(row, query)).map((row) => row.index)
          expect(small.search(query)).toEqual(wanted.toReversed().slice(0, query.limit))
        }
        small.close()
      },
    ),
    { numRuns: 200 },
  )
})
