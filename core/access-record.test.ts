import { describe, expect, test } from 'vitest'
import { type AccessRecord, decodeAccessRecord, encodeAccessRecord } from '#core/access-record.ts'
import type { AgencyId } from '#core/agency.ts'
import type { PrincipalId } from '#core/principal.ts'
import { uuidFromBytes } from '#core/uuid.ts'

const AGENCY = 'ctd-kp' as AgencyId
const RECORD: AccessRecord = {
  timeMs: Date.UTC(2026, 8, 14),
  service: 'GATEWAY',
  requestId: uuidFromBytes(new Uint8Array(16).fill(1)),
  realm: 'live',
  principal: 'ctd-kp/duty-officer' as PrincipalId,
  agency: AGENCY,
  action: 'READ',
  outcome: 'DENIED',
  alert: { origin: AGENCY, id: uuidFromBytes(new Uint8Array(16).fill(2)), digest: null },
  reasons: ['clearance-too-low', 'outside-jurisdiction'],
  policyDigest: new Uint8Array(32).fill(3),
  directory: { sequence: 0, digest: new Uint8Array(32).fill(4) },
  purpose: { code: 'INVESTIGATION', caseReference: 'FIR-12/2026' },
  searchTerms: null,
  salt: new Uint8Array(16).fill(5),
}

const read = (part: Partial<AccessRecord>) =>
  decodeAccessRecord(encodeAccessRecord({ ...RECORD, ...part }))

test('a record is read as it was written', () => {
  expect(read({})).toEqual(RECORD)
  expect(read({ principal: null, agency: null, purpose: null, directory: null })).not.toBeNull()
})

describe('a record is unreadable', () => {
  test.each(['', 'Free text', '=HYPERLINK(1)', 'a\nb', `a${'b'.repeat(64)}`])(
    'with a reason that is no code: %j',
    (reason) => {
      expect(read({ reasons: ['not-found', reason] })).toBeNull()
    },
  )

  test('with a case reference that is free text', () => {
    const purpose = { code: 'INVESTIGATION', caseReference: 'about my neighbour' } as const
    expect(read({ purpose })).toBeNull()
  })

  test('when its time is none, so that no auditor’s page fails over it', () => {
    expect(read({ timeMs: -1 })).toBeNull()
    expect(read({ timeMs: Number.MAX_SAFE_INTEGER })).toBeNull()
  })

  test('when the principal is of another agency than it says', () => {
    expect(read({ agency: 'ctd-punjab' as AgencyId })).toBeNull()
    expect(read({ agency: null })).toBeNull()
  })

  test('when the directory is from before its first entry', () => {
    expect(read({ directory: { sequence: -1, digest: new Uint8Array(32) } })).toBeNull()
  })
})
