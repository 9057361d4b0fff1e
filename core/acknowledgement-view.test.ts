import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  ACCESS_ACTIONS,
  type AccessRecord,
  actionIn,
  decodeAccessRecord,
  encodeAccessRecord,
} from '#core/access-record.ts'
import { AcknowledgementView } from '#core/acknowledgement-view.ts'
import type { Acknowledgement } from '#core/ports/acknowledgement-store.ts'
import { uuidFromBytes } from '#core/uuid.ts'
import { agency, alertName, principal } from '#tests/view-rows.ts'

const RECORD: AccessRecord = {
  timeMs: Date.UTC(2026, 8, 14),
  service: 'GATEWAY',
  requestId: uuidFromBytes(new Uint8Array(16).fill(1)),
  realm: 'exercise',
  principal: principal('nacta/coordinator'),
  agency: agency('nacta'),
  action: 'ACKNOWLEDGE',
  outcome: 'ALLOWED',
  alert: { ...alertName(7), digest: new Uint8Array(32).fill(2) },
  reasons: [],
  policyDigest: null,
  directory: null,
  purpose: null,
  searchTerms: null,
  salt: new Uint8Array(16),
}

const seed = Date.now()
const AGENCY = agency('ctd-balochistan')

describe(`the action of a record (seed ${seed})`, () => {
  test('is found as the whole record says it', () => {
    const records = fc.record({
      timeMs: fc.nat({ max: 8_000_000_000_000 }),
      name: fc.option(fc.stringMatching(/^[a-z][a-z0-9-]{0,62}$/)),
      action: fc.constantFrom(...ACCESS_ACTIONS),
    })
    fc.assert(
      fc.property(records, ({ timeMs, name, action }) => {
        const who = name === null ? null : `${AGENCY}/${name}`
        const bytes = encodeAccessRecord({
          ...RECORD,
          timeMs,
          action,
          principal: who as AccessRecord['principal'],
          agency: who === null ? null : AGENCY,
        })
        expect(actionIn(bytes)).toBe(action)
      }),
      { seed },
    )
  })

  test('is never another than that of what can be read, whatever the bytes', () => {
    const whole = encodeAccessRecord(RECORD)
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.tuple(fc.nat(whole.length - 1), fc.nat(255)).map(([at, byte]) => whole.with(at, byte)),
      fc.nat(whole.length).map((length) => whole.subarray(0, length)),
    )
    fc.assert(
      fc.property(bytes, (value) => {
        const found = actionIn(value)
        const record = decodeAccessRecord(value)
        if (record !== null) expect(found).toBe(record.action)
      }),
      { seed, numRuns: 2_000 },
    )
  })
})

const applied = async (...records: readonly Partial<AccessRecord>[]) => {
  const rows: Acknowledgement[] = []
  const view = new AcknowledgementView({
    nextOffset: () => 0,
    apply: (_topic, acknowledgements) => rows.push(...acknowledgements),
    agenciesOf: () => [],
    has: () => false,
    close: () => undefined,
  })
  const entries = records.map((changes, offset) => ({
    offset,
    value: encodeAccessRecord({ ...RECORD, ...changes }),
  }))
  await view.take('access', [...entries, { offset: entries.length, value: Uint8Array.of(1) }])
  return rows
}

test('only what was allowed, by an agency and of certain bytes, counts', async () => {
  const [row, ...others] = await applied(
    {},
    { outcome: 'DENIED' },
    { action: 'READ' },
    { alert: { ...alertName(7), digest: null } },
    { alert: null },
    { principal: null, agency: null },
  )
  expect(others).toEqual([])
  expect(row).toMatchObject({ ...alertName(7), realm: 'exercise', agency: 'nacta', offset: 0 })
})
