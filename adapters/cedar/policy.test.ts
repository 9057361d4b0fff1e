import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openCedarPolicy } from '#adapters/cedar/policy.ts'
import { readPolicyFolder } from '#adapters/cedar/policy-folder.ts'
import { LIMITS } from '#core/limits.ts'
import { DENIAL_REASONS, type Decision, type PolicyRequest } from '#core/ports/policy.ts'
import { decisionRows } from '#tests/decision-rows.ts'

const files = await readPolicyFolder(join(import.meta.dirname, '../../policy'))
const policy = openCedarPolicy({ files })
const rows = decisionRows()

const POLICY_ERROR: Decision = { allowed: false, reasons: ['policy-error'] }

const requestOf = (why: string): PolicyRequest => {
  const row = rows.find((one) => one.why === why)
  if (row === undefined) throw new Error(`no row says: ${why}`)
  return row.request
}
const reading = requestOf('one common jurisdiction among several of the label is enough')
const publishing = requestOf('clearance and ceiling equal to the classification are enough')
const searching = requestOf('a national auditor searches all records')
const refused = requestOf('CONFIDENTIAL is one level short of SECRET')

/** The request with one text of its JSON replaced: what the types would not let through. */
const odd = (request: PolicyRequest, from: string, to: string): PolicyRequest => {
  const text = JSON.stringify(request)
  if (!text.includes(from)) throw new Error(`the request has no ${from}`)
  return JSON.parse(text.replace(from, to)) as PolicyRequest
}

describe('what no rule foresees is denied as policy-error', () => {
  const ODDITIES = [
    ['an unknown action', reading, '"action":"read"', '"action":"copy"'],
    ['an unknown realm', reading, '"realm":"live"', '"realm":"test"'],
    ['a realm of another type', reading, '"realm":"live"', '"realm":1'],
    ['an unknown kind of principal', reading, '"PERSON"', '"ROBOT"'],
    ['a kind that every object has', reading, '"PERSON"', '"constructor"'],
    ['an unknown clearance', reading, '"clearance":"SECRET"', '"clearance":"COSMIC"'],
    ['a clearance in lower case', reading, '"clearance":"SECRET"', '"clearance":"secret"'],
    ['a clearance as a number', reading, '"clearance":"SECRET"', '"clearance":4'],
    ['an unknown ceiling', publishing, '"agencyCeiling":"SECRET"', '"agencyCeiling":"COSMIC"'],
    ['an unknown classification', reading, '"CONFIDENTIAL"', '"HARMLESS"'],
    ['an empty classification', reading, '"CONFIDENTIAL"', '""'],
    ['an unknown jurisdiction of the label', reading, '"PK-BA"', '"PK-XX"'],
    ['an alias of a jurisdiction', reading, '"PK-BA"', '"PK-BL"'],
    ['an unknown jurisdiction of the principal', reading, '["PK-SD"]', '["PK-SD","PK-XX"]'],
    ['an unknown caveat of the label', reading, '"caveats":[]}}', '"caveats":["KIN"]}}'],
    ['an unknown caveat of the principal', reading, '"caveats":[]', '"caveats":["KIN"]'],
    ['an unknown role', reading, '["subscriber"]', '["subscriber","king"]'],
    ['an active that is text', reading, '"active":true', '"active":"true"'],
    ['an active that is null', reading, '"active":true', '"active":null'],
    ['no active', reading, '"active":true,', ''],
    ['no jurisdictions of the principal', reading, '"jurisdictions":["PK-SD"],', ''],
    ['no principal', reading, '"principal"', '"subject"'],
    ['no releasableTo, not even null', reading, '"releasableTo":null,', ''],
    ['releasableTo as text', reading, '"releasableTo":null', '"releasableTo":"ctd-sindh"'],
    ['a null agency', reading, '"agency":"ctd-sindh"', '"agency":null'],
    ['to read no alert', searching, '"search-all"', '"read"'],
    ['to publish no alert', searching, '"search-all"', '"publish"'],
    ['to export no alert', searching, '"search-all"', '"export"'],
    ['the status of an alert with a label', reading, '"action":"read"', '"action":"status"'],
    ['to search an alert', reading, '"action":"read"', '"action":"search-own"'],
  ] as const

  it.each(ODDITIES)('%s', (_, request, from, to) => {
    expect(policy.decide(odd(request, from, to))).toEqual(POLICY_ERROR)
  })

  it('though each of these requests is allowed as it stands', () => {
    for (const request of [reading, publishing, searching]) {
      expect(policy.decide(request)).toEqual({ allowed: true })
    }
  })

  it('also after the same request was allowed', () => {
    expect(policy.decide(reading)).toEqual({ allowed: true })
    expect(policy.decide(odd(reading, '"releasableTo":null,', ''))).toEqual(POLICY_ERROR)
    expect(policy.decide(reading)).toEqual({ allowed: true })
  })
})

describe('a policy that fails while it decides', () => {
  const overflowing = {
    ...files,
    'read.cedar': (files['read.cedar'] ?? '').replace(
      '{ principal.active }',
      '{ principal.active && 9223372036854775807 + principal.clearance > 0 }',
    ),
  }

  it('denies as policy-error alone, whatever its other rules say', () => {
    const failing = openCedarPolicy({ files: overflowing })
    expect(failing.decide(reading)).toEqual(POLICY_ERROR)
    expect(failing.decide(refused)).toEqual(POLICY_ERROR)
  })

  it('says which rule failed, each time', () => {
    const faults: string[] = []
    const onFault = (message: string): unknown => faults.push(message)
    const failing = openCedarPolicy({ files: overflowing, onFault })
    failing.decide(reading)
    failing.decide(reading)
    expect(faults).toHaveLength(2)
    expect(faults[0]).toMatch(/^read\.cedar suspended \d+: .*overflow/)
  })

  it('denies as policy-error what no rule permits and none forbids', () => {
    const faults: string[] = []
    const rules = '@id("x") permit (principal, action == Action::"publish", resource);'
    const silent = openCedarPolicy({
      files: { ...files, 'read.cedar': rules },
      onFault: (message) => faults.push(message),
    })
    expect(silent.decide(reading)).toEqual(POLICY_ERROR)
    expect(faults).toEqual(['no rule permits this action'])
  })
})

describe('decisions', () => {
  it('are remembered, and cannot be altered by who got them', () => {
    const fresh = openCedarPolicy({ files })
    const denial = fresh.decide(refused)
    expect(fresh.decide(structuredClone(refused))).toBe(denial)
    expect(Object.isFrozen(denial) && !denial.allowed && Object.isFrozen(denial.reasons)).toBe(true)
    expect(Object.isFrozen(fresh.decide(reading))).toBe(true)
  })

  it('follow every change of the request, however small', () => {
    for (const { request, expected } of [...rows, ...rows.toReversed()]) {
      const decision = policy.decide(request)
      expect(decision.allowed ? 'allowed' : decision.reasons).toEqual(expected)
    }
    expect(policy.decide(odd(reading, '"active":true', '"active":false'))).toEqual({
      allowed: false,
      reasons: ['suspended'],
    })
  })

  it('follow the realm, where a rule looks at it', () => {
    const closed = `
      @id("role-missing")
      forbid (principal, action, resource) when { context.realm == Realm::"exercise" };`
    const other = openCedarPolicy({ files: { ...files, 'exercises.cedar': closed } })
    expect(other.decide(reading)).toEqual({ allowed: true })
    expect(other.decide(odd(reading, '"live"', '"exercise"'))).toEqual({
      allowed: false,
      reasons: ['role-missing'],
    })
  })

  it('follow an object that was changed since it was asked about', () => {
    const request = structuredClone(reading) as { principal: { active: boolean } } & PolicyRequest
    expect(policy.decide(request)).toEqual({ allowed: true })
    request.principal.active = false
    expect(policy.decide(request)).toEqual({ allowed: false, reasons: ['suspended'] })
  })

  it('about a label too long to remember are made anew, and the same', () => {
    const names = Array.from({ length: LIMITS.decisionKeyCharsMax / 8 }, (_, n) => `"ctd-${n}"`)
    const long = odd(reading, '"releasableTo":null', `"releasableTo":[${names.join()}]`)
    const denial = policy.decide(long)
    expect(denial).toEqual({ allowed: false, reasons: ['not-releasable'] })
    expect(policy.decide(long)).not.toBe(denial)
    expect(policy.decide(long)).toEqual(denial)
  })

  it('of two policies in one process are apart', () => {
    const lenient = {
      ...files,
      'read.cedar': (files['read.cedar'] ?? '').replace('>= resource.classification', '>= 0'),
    }
    const other = openCedarPolicy({ files: lenient })
    expect(other.digest).not.toEqual(policy.digest)
    expect(other.decide(refused)).toEqual({ allowed: true })
    expect(policy.decide(refused)).toEqual({ allowed: false, reasons: ['clearance-too-low'] })
  })
})

it('the reasons of denials are sorted', () => {
  expect([...DENIAL_REASONS].sort()).toEqual(DENIAL_REASONS)
})
