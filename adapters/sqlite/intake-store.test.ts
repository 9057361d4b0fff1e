import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openSqliteIntakeStore } from '#adapters/sqlite/intake-store.ts'
import type { IntakeStore } from '#core/ports/intake-store.ts'
import { alertName, numberedIntakeRow } from '#tests/view-rows.ts'

const TOPIC = 'live.intake.PK-KP'

let folder: string
let store: IntakeStore

const open = (): IntakeStore =>
  openSqliteIntakeStore({
    path: join(folder, 'intake.db'),
    onReset: (why) => expect.fail(why),
  })

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rabta-intake-'))
  store = open()
})
afterEach(() => {
  store.close()
  rmSync(folder, { recursive: true })
})

const reopen = (): void => {
  store.close()
  store = open()
}

test('a new topic begins at 0, another behind what was applied, also after a restart', () => {
  expect(store.nextOffset(TOPIC)).toBe(0)
  store.apply(TOPIC, [numberedIntakeRow(0), numberedIntakeRow(3)], 7)
  store.apply('other', [], 2)
  expect(store.nextOffset(TOPIC)).toBe(7)
  reopen()
  expect(store.nextOffset(TOPIC)).toBe(7)
  expect(store.nextOffset('other')).toBe(2)
})

test('a row is found as it was applied', () => {
  const row = numberedIntakeRow(5)
  store.apply(TOPIC, [row], 6)
  reopen()
  expect(store.find('live', row)).toEqual(row)
  expect(store.find('live', alertName(6))).toBeNull()
})

test('the first row of a realm, origin and id stays, in one call or in several', () => {
  const row = numberedIntakeRow(0)
  const other = { ...row, digest: new Uint8Array(32).fill(9) }
  store.apply(TOPIC, [row, { ...other, offset: 1 }], 2)
  store.apply('elsewhere', [other], 1)
  expect(store.find('live', row)).toEqual(row)
  expect(store.nextOffset('elsewhere')).toBe(1)
})

test('the same id of another origin or realm is another alert', () => {
  const row = numberedIntakeRow(0)
  const exercise = { ...row, realm: 'exercise' as const, offset: 1 }
  const sindh = { ...row, ...alertName(0, 'ctd-sindh'), offset: 2 }
  store.apply(TOPIC, [row], 1)
  expect(store.find('exercise', row)).toBeNull()
  expect(store.find('live', sindh)).toBeNull()
  store.apply(TOPIC, [exercise, sindh], 3)
  expect(store.find('live', row)).toEqual(row)
  expect(store.find('exercise', row)).toEqual(exercise)
  expect(store.find('live', sindh)).toEqual(sindh)
})

test('a fate is kept, replaced by a later one, and may come with the row', () => {
  const row = numberedIntakeRow(0)
  const letter = { state: 'dead-lettered', why: 'agency-suspended' } as const
  const routed = {
    state: 'routed',
    topics: ['live.alerts.PK.SECRET', 'live.alerts.PK-KP.SECRET'],
  } as const
  const nowhere = { ...numberedIntakeRow(1), fate: { state: 'routed', topics: [] } as const }
  store.apply(TOPIC, [row, nowhere], 2)
  store.setFate('live', row, letter)
  expect(store.find('live', row)).toEqual({ ...row, fate: letter })
  store.setFate('live', row, routed)
  reopen()
  expect(store.find('live', row)).toEqual({ ...row, fate: routed })
  expect(store.find('live', nowhere)).toEqual(nowhere)
})

test('the fate of an unknown alert, or of another realm, has no effect', () => {
  const row = numberedIntakeRow(0)
  store.apply(TOPIC, [row], 1)
  const fate = { state: 'dead-lettered', why: 'x' } as const
  store.setFate('exercise', row, fate)
  store.setFate('live', alertName(1), fate)
  expect(store.find('live', row)).toEqual(row)
  expect(store.find('live', alertName(1))).toBeNull()
})

test('an offset never goes back, and rows outside of what is applied are refused', () => {
  store.apply(TOPIC, [numberedIntakeRow(0)], 5)
  expect(() => store.apply(TOPIC, [], 4)).toThrow(RangeError)
  expect(() => store.apply(TOPIC, [numberedIntakeRow(4)], 6)).toThrow(RangeError)
  expect(() => store.apply(TOPIC, [numberedIntakeRow(6)], 6)).toThrow(RangeError)
  expect(store.find('live', alertName(6))).toBeNull()
  expect(store.nextOffset(TOPIC)).toBe(5)
})

test('a call that throws half-way has changed nothing', () => {
  store.apply(TOPIC, [numberedIntakeRow(0)], 1)
  const broken = { ...numberedIntakeRow(2), acceptedAtMs: Number.NaN }
  for (const topic of [TOPIC, 'new topic']) {
    const before = store.nextOffset(topic)
    expect(() => store.apply(topic, [numberedIntakeRow(1), broken], 3)).toThrow()
    expect(store.find('live', alertName(1))).toBeNull()
    expect(store.nextOffset(topic)).toBe(before)
  }
  store.apply(TOPIC, [numberedIntakeRow(1), numberedIntakeRow(2)], 3)
  expect(store.find('live', alertName(2))).toEqual(numberedIntakeRow(2))
})
