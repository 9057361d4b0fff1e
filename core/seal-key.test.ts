import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CLASSIFICATIONS } from '#core/classification.ts'
import { LIMITS } from '#core/limits.ts'
import { REALMS } from '#core/realm.ts'
import {
  monthOf,
  monthStartMs,
  sealKeyId,
  sealKeyIdFrom,
  sealKeysRunOutMs,
} from '#core/seal-key.ts'

test('an id survives being written and read', () => {
  const ids = fc.record({
    realm: fc.constantFrom(...REALMS),
    classification: fc.constantFrom(...CLASSIFICATIONS),
    month: fc.constantFrom('2026-01', '2026-12', '2099-10'),
    n: fc.integer({ min: 1, max: 9_999 }),
  })
  fc.assert(
    fc.property(ids, (id) => {
      const text = sealKeyId(id)
      expect(sealKeyIdFrom(text)).toEqual({ ...id, text })
    }),
  )
})

test.each([
  '',
  'live.SECRET.2026-07',
  'live.SECRET.2026-07.0',
  'live.SECRET.2026-07.01',
  'live.SECRET.2026-07.10000',
  'live.SECRET.2026-07.1.1',
  'live.SECRET.2026-7.1',
  'live.SECRET.2026-13.1',
  'live.SECRET.2026-00.1',
  'live.secret.2026-07.1',
  'test.SECRET.2026-07.1',
  'constructor.SECRET.2026-07.1',
  ' live.SECRET.2026-07.1',
  'live.SECRET.2026-07.1\n',
])('%j is no id', (text) => {
  expect(sealKeyIdFrom(text)).toBeNull()
})

test('a month begins and ends at midnight in UTC', () => {
  const lastMs = Date.UTC(2027, 0, 1) - 1
  expect(monthOf(lastMs)).toBe('2026-12')
  expect(monthOf(lastMs + 1)).toBe('2027-01')
  expect(monthStartMs(lastMs, 0)).toBe(Date.UTC(2026, 11))
  expect(monthStartMs(lastMs, 1)).toBe(lastMs + 1)
  expect(monthStartMs(Date.UTC(2026, 0, 31), 1)).toBe(Date.UTC(2026, 1))
  expect(monthStartMs(lastMs, 26)).toBe(Date.UTC(2029, 1))
})

const SERIES = [
  { realm: 'live', classification: 'SECRET' },
  { realm: 'exercise', classification: 'RESTRICTED' },
] as const

const sealWith = (hasKey: (realm: string, month: string) => boolean) => ({
  keyIdFor: (realm: string, _: string, timeMs: number) =>
    hasKey(realm, monthOf(timeMs)) ? 'some id' : null,
})

test('keys run out where the first series has a month without one', () => {
  const seal = sealWith((realm, month) => month <= (realm === 'live' ? '2026-09' : '2026-08'))
  expect(sealKeysRunOutMs(seal, SERIES, Date.UTC(2026, 6, 15))).toBe(Date.UTC(2026, 8))
  const gap = sealWith((_, month) => month !== '2026-12')
  expect(sealKeysRunOutMs(gap, SERIES, Date.UTC(2026, 6, 15))).toBe(Date.UTC(2026, 11))
})

test('keys that are missing now have run out now', () => {
  const nowMs = Date.UTC(2026, 6, 15, 12)
  const seal = sealWith((_, month) => month !== '2026-07')
  expect(sealKeysRunOutMs(seal, SERIES, nowMs)).toBe(nowMs)
})

test('keys without end are looked for only so far ahead', () => {
  const nowMs = Date.UTC(2026, 6, 15)
  const endMs = monthStartMs(nowMs, LIMITS.sealMonthsAheadMax)
  expect(
    sealKeysRunOutMs(
      sealWith(() => true),
      SERIES,
      nowMs,
    ),
  ).toBe(endMs)
})
