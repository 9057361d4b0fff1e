import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openSqliteAcknowledgementStore } from '#adapters/sqlite/acknowledgement-store.ts'
import type { Acknowledgement, AcknowledgementStore } from '#core/ports/acknowledgement-store.ts'
import { agency, alertName } from '#tests/view-rows.ts'

const TOPIC = 'access'
let folder: string
let store: AcknowledgementStore

const open = (): AcknowledgementStore =>
  openSqliteAcknowledgementStore({
    path: join(folder, 'acknowledged.db'),
    onReset: (why) => expect.fail(why),
  })

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rabta-acknowledged-'))
  store = open()
})
afterEach(() => {
  store.close()
  rmSync(folder, { recursive: true })
})

const by = (offset: number, who: string, other: Partial<Acknowledgement> = {}) => ({
  ...alertName(1),
  realm: 'live' as const,
  digest: new Uint8Array(32).fill(1),
  agency: agency(who),
  offset,
  ...other,
})

test('each agency is known once, sorted, also after a restart', () => {
  store.apply(TOPIC, [by(0, 'nacta'), by(1, 'ctd-punjab'), by(2, 'nacta')], 5)
  store.apply(TOPIC, [by(5, 'nacta')], 6)
  store.close()
  store = open()
  expect(store.nextOffset(TOPIC)).toBe(6)
  expect(store.agenciesOf(by(0, 'nacta'))).toEqual(['ctd-punjab', 'nacta'])
  expect(store.has(by(0, 'nacta'), agency('ctd-punjab'))).toBe(true)
  expect(store.has(by(0, 'nacta'), agency('ctd-sindh'))).toBe(false)
})

test('one is of these bytes, in this realm', () => {
  store.apply(TOPIC, [by(0, 'nacta')], 1)
  const others = [{ realm: 'exercise' }, { digest: new Uint8Array(32) }, alertName(2)] as const
  for (const other of others) {
    expect(store.agenciesOf(by(0, 'nacta', other))).toEqual([])
    expect(store.has(by(0, 'nacta', other), agency('nacta'))).toBe(false)
  }
})

test('what does not follow is refused, and changes nothing', () => {
  store.apply(TOPIC, [], 3)
  expect(() => store.apply(TOPIC, [by(2, 'nacta')], 4)).toThrow(RangeError)
  expect(() => store.apply(TOPIC, [], 2)).toThrow(RangeError)
  expect(store.nextOffset(TOPIC)).toBe(3)
  expect(store.agenciesOf(by(0, 'nacta'))).toEqual([])
})
