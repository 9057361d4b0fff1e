import { expect, test } from 'vitest'
import { type Act, differsFromAct } from '#clients/sdk/record-of-act.ts'
import type { AccessRecord } from '#core/access-record.ts'
import { isPrincipalId, type PrincipalId } from '#core/principal.ts'
import { isUuid, type Uuid } from '#core/uuid.ts'
import { agencyId } from '#tests/sample-alert.ts'

const uuid = (text: string): Uuid => {
  if (!isUuid(text)) throw new RangeError(text)
  return text
}
const principalOf = (text: string): PrincipalId => {
  if (!isPrincipalId(text)) throw new RangeError(text)
  return text
}

const ONE = uuid('00000000-0000-4000-8000-000000000001')
const TWO = uuid('00000000-0000-4000-8000-000000000002')
const digest = new Uint8Array(32)
const alert = { origin: agencyId('ctd-kp'), id: ONE, digest }
const purpose = { code: 'PROTECTION', caseReference: 'FIR-1' } as const

const act: Act = {
  action: 'READ',
  realm: 'live',
  agency: agencyId('nacta'),
  principal: principalOf('nacta/liaison'),
  alert,
  purpose,
}

const record: AccessRecord = {
  timeMs: 0,
  service: 'GATEWAY',
  requestId: TWO,
  realm: 'live',
  principal: principalOf('nacta/liaison'),
  agency: agencyId('nacta'),
  action: 'READ',
  outcome: 'ALLOWED',
  alert,
  reasons: [],
  policyDigest: null,
  directory: null,
  purpose,
  searchTerms: null,
  salt: new Uint8Array(16),
}

test('the record of an act tells of it', () => {
  expect(differsFromAct(record, act)).toBeNull()
})

test.each<readonly [string, Partial<AccessRecord>]>([
  ['service', { service: 'AUDIT' }],
  ['realm', { realm: 'exercise' }],
  ['action', { action: 'RELEASE' }],
  ['outcome', { outcome: 'FAILED' }],
  ['agency', { agency: agencyId('fia') }],
  ['agency', { agency: null }],
  ['principal', { principal: principalOf('nacta/coordinator') }],
  ['principal', { principal: null }],
  ['alert', { alert: null }],
  ['alert', { alert: { ...alert, origin: agencyId('ctd-gb') } }],
  ['alert', { alert: { ...alert, id: TWO } }],
  ['alert', { alert: { ...alert, digest: null } }],
  ['alert', { alert: { ...alert, digest: new Uint8Array(32).fill(1) } }],
  ['purpose', { purpose: null }],
  ['purpose', { purpose: { ...purpose, code: 'TRAINING' } }],
  ['purpose', { purpose: { ...purpose, caseReference: null } }],
])('one that differs in its %s does not: %j', (field, changes) => {
  expect(differsFromAct({ ...record, ...changes }, act)).toBe(field)
})

test('a purpose that was not said must not be recorded', () => {
  expect(differsFromAct(record, { ...act, purpose: null })).toBe('purpose')
  expect(differsFromAct({ ...record, purpose: null }, { ...act, purpose: null })).toBeNull()
})

test('where anybody of the agency may have acted, any purpose and principal of it will do', () => {
  const anybody = { ...act, principal: null, purpose: undefined }
  const colleague = { ...record, principal: principalOf('nacta/coordinator'), purpose: null }
  expect(differsFromAct(colleague, anybody)).toBeNull()
  expect(differsFromAct({ ...colleague, agency: agencyId('fia') }, anybody)).toBe('agency')
})
