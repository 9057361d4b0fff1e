import { describe, expect, test } from 'vitest'
import type { AccessRecord } from '#core/access-record.ts'
import { answerOf, isAsRecorded, isSameAnswer } from '#core/policy-diff/answers.ts'
import { questionOf } from '#core/policy-diff/recorded-question.ts'
import type { Decision, Policy } from '#core/ports/policy.ts'
import { isPrincipalId } from '#core/principal.ts'
import { agencyId, sampleAlert } from '#tests/sample-alert.ts'

const { origin, id, label } = sampleAlert()
const WHO = 'nacta/coordinator'
const digest = new Uint8Array(32)

const record = (changes: Partial<AccessRecord>): AccessRecord => ({
  timeMs: 0,
  service: 'GATEWAY',
  requestId: id,
  realm: 'live',
  principal: isPrincipalId(WHO) ? WHO : null,
  agency: agencyId('nacta'),
  action: 'READ',
  outcome: 'ALLOWED',
  alert: { origin, id, digest },
  reasons: [],
  policyDigest: null,
  directory: null,
  purpose: null,
  searchTerms: null,
  salt: new Uint8Array(16),
  ...changes,
})
const denied = (...reasons: readonly string[]) => ({ outcome: 'DENIED', reasons }) as const
const unfound = { origin, id, digest: null }

describe('what a record tells that a policy was asked', () => {
  const ROWS = [
    ['a reading', {}, 'read'],
    ['a release', { action: 'RELEASE' }, 'read'],
    ['an export', { action: 'EXPORT', ...denied('not-for-court') }, 'export'],
    ['an acknowledgement', { action: 'ACKNOWLEDGE' }, 'acknowledge'],
    ['a publication', { action: 'PUBLISH' }, 'publish'],
    [
      'one refused by policy and connection',
      denied('outside-jurisdiction', 'token-unbound'),
      'read',
    ],
    ['one refused by the connection alone', denied('token-unbound'), 'read'],
    ['a status that was refused', { alert: unfound, ...denied('not-own-agency') }, 'name'],
    ['a search that found no leaf', { action: 'SEARCH', ...denied('not-found') }, 'access-log'],
    ['a proof', { action: 'PROOF', alert: null }, 'access-log'],
    ['the directory', { action: 'DIRECTORY', alert: null }, 'directory'],
    ['an alert that is not there', { alert: unfound, ...denied('not-found') }, 'not-found'],
    ['one that was recalled', denied('recalled'), 'other-refusal'],
    ['one that had expired', { action: 'EXPORT', ...denied('expired') }, 'other-refusal'],
    ['too many', { alert: null, ...denied('rate-limited') }, 'other-refusal'],
    ['too many searches', { action: 'SEARCH', ...denied('rate-limited') }, 'other-refusal'],
    [
      'bytes that are no alert',
      { action: 'PUBLISH', alert: null, ...denied('alert-malformed') },
      'other-refusal',
    ],
    ['an id that was taken', { action: 'PUBLISH', ...denied('id-taken') }, 'other-refusal'],
    ['an entry’s carrier', { action: 'DIRECTORY', ...denied('role-missing') }, 'other-refusal'],
    ['a preview', { action: 'PREVIEW', alert: null }, 'no-label'],
    ['a token', { action: 'TOKEN', ...denied('suspended') }, 'no-policy'],
    ['a dead letter', { action: 'DEAD_LETTER', principal: null, agency: null }, 'no-policy'],
  ] as const satisfies readonly (readonly [string, Partial<AccessRecord>, string])[]

  test.each(ROWS)('%s', (_, changes, expected) => {
    const question = questionOf(record(changes))
    if (typeof question === 'string') expect(question).toBe(expected)
    else expect(question.about === 'label' ? question.action : question.about).toBe(expected)
  })
})

describe('a rule of the connection', () => {
  const policy = (decision: Decision): Policy => ({ digest, decide: () => decision })
  const LETS = policy({ allowed: true })
  const FORBIDS = policy({ allowed: false, reasons: ['clearance-too-low'] })
  const standing = {
    id: WHO,
    agency: agencyId('nacta'),
    kind: 'PERSON',
    active: true,
    clearance: 'SECRET',
    agencyCeiling: 'SECRET',
    jurisdictions: ['PK'],
    caveats: [],
    roles: ['subscriber'],
  } as const
  const asked = (changes: Partial<AccessRecord>) => {
    const question = questionOf(record(changes))
    if (typeof question === 'string') throw new Error(question)
    const who = isPrincipalId(standing.id) ? { ...standing, id: standing.id } : null
    return { record: record(changes), question, standing: who, label }
  }

  test('stands beside whatever a policy says, and no policy lifts it', () => {
    const unbound = asked(denied('token-unbound'))
    const lets = answerOf(LETS, unbound, 'read')
    const forbids = answerOf(FORBIDS, unbound, 'read')
    expect(lets).toMatchObject(denied('token-unbound'))
    expect(forbids).toMatchObject(denied('clearance-too-low', 'token-unbound'))
    expect(isAsRecorded(unbound, lets)).toBe(true)
    expect(isAsRecorded(unbound, forbids)).toBe(false)
    expect(isSameAnswer(lets, forbids)).toBe(false)
  })

  test('is not added where it was not on record', () => {
    expect(answerOf(LETS, asked({}), 'read')).toMatchObject({ outcome: 'ALLOWED', reasons: [] })
  })

  test('and whom the directory does not know is suspended, as at the hub', () => {
    const nobody = { ...asked(denied('suspended')), standing: null }
    expect(answerOf(LETS, nobody, 'read')).toMatchObject(denied('suspended'))
  })
})
