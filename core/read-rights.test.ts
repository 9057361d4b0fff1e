import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openCedarPolicy } from '#adapters/cedar/policy.ts'
import { readPolicyFolder } from '#adapters/cedar/policy-folder.ts'
import { CLASSIFICATIONS, rankOf } from '#core/classification.ts'
import type { PrincipalStanding } from '#core/directory/state.ts'
import type { PolicyRequest } from '#core/ports/policy.ts'
import { inBoth, isWithin, type RightsHolder, readRights } from '#core/read-rights.ts'
import { randomPolicyRequest } from '#tests/random-policy-request.ts'

const policy = openCedarPolicy({ files: await readPolicyFolder('policy') })

const request = randomPolicyRequest.filter(({ action }) => action === 'read')

const rightsOf = (standing: PrincipalStanding, isBound = true) =>
  readRights({ standing, isBound }, policy.digest)

const mayRead = (asked: PolicyRequest, principal: PrincipalStanding): boolean =>
  policy.decide({ ...asked, principal }).allowed

/** As `one`, with some of it as the other has it: what differs is little, and often one thing. */
const partly = (one: PrincipalStanding, other: PrincipalStanding, taken: readonly string[]) => {
  const changes = Object.entries(other).filter(([name]) => taken.includes(name))
  return { ...one, ...Object.fromEntries(changes) }
}

const PARTS = ['kind', 'active', 'clearance', 'agencyCeiling', 'jurisdictions', 'caveats', 'roles']

test('whoever holds no more rights reads no more: nothing else opens an alert', () => {
  let [opened, closed] = [0, 0]
  fc.assert(
    fc.property(request, request, fc.subarray(PARTS, { maxLength: 3 }), (asked, other, parts) => {
      const one = asked.principal
      const two = partly(one, other.principal, parts)
      const [before, now] = [mayRead(asked, one), mayRead(asked, two)]
      if (now && !before) {
        opened += 1
        expect(isWithin(rightsOf(two), rightsOf(one))).toBe(false)
      }
      if (before && !now) closed += 1
    }),
    { numRuns: 4_000 },
  )
  expect(opened).toBeGreaterThan(20)
  expect(closed).toBeGreaterThan(20)
})

const holder: fc.Arbitrary<RightsHolder> = fc.record({
  standing: request.map(({ principal }) => principal),
  isBound: fc.boolean(),
})

test('less is within more, and what two have in common is within both', () => {
  fc.assert(
    fc.property(holder, holder, (one, two) => {
      const [a, b] = [one, two].map((each) => readRights(each, policy.digest))
      if (a === undefined || b === undefined) throw new Error('unreachable')
      for (const whole of [a, b]) {
        expect(isWithin(whole, whole)).toBe(true)
        expect(isWithin(inBoth(a, b), whole)).toBe(true)
        expect(isWithin(readRights(null, policy.digest), whole)).toBe(true)
      }
      const isLess = isWithin(a, b) && isWithin(b, a)
      expect(isLess).toBe(a.held === b.held)
    }),
  )
})

test('each level, jurisdiction and caveat is a right; another role than subscriber is none', () => {
  const standing: PrincipalStanding = {
    ...fc.sample(request, { numRuns: 1, seed: 1 })[0]?.principal,
    kind: 'SYSTEM',
    active: true,
    clearance: 'RESTRICTED',
    jurisdictions: ['PK-KP'],
    caveats: [],
    roles: ['subscriber'],
  } as PrincipalStanding
  const before = rightsOf(standing, false)
  const wider: readonly Partial<PrincipalStanding>[] = [
    { kind: 'PERSON' },
    { jurisdictions: ['PK-KP', 'PK-SD'] },
    { jurisdictions: ['PK'] },
    { caveats: ['JUVENILE'] },
    ...CLASSIFICATIONS.filter((one) => rankOf(one) > rankOf('RESTRICTED')).map((clearance) => {
      return { clearance }
    }),
  ]
  for (const change of wider) {
    expect(isWithin(rightsOf({ ...standing, ...change }, false), before), `${change}`).toBe(false)
  }
  expect(isWithin(rightsOf(standing, true), before)).toBe(false)
  for (const change of [
    { clearance: 'UNCLASSIFIED' },
    { jurisdictions: [] },
    { active: false },
    { roles: ['subscriber', 'auditor', 'publisher'] },
    { agencyCeiling: 'UNCLASSIFIED' },
  ] as const) {
    expect(isWithin(rightsOf({ ...standing, ...change }, false), before)).toBe(true)
  }
})

test('under another policy nobody can say', () => {
  const standing = fc.sample(request, 1)[0]?.principal
  if (standing === undefined) throw new Error('unreachable')
  const before = readRights({ standing, isBound: true }, new Uint8Array(32))
  expect(isWithin(rightsOf(standing), before)).toBe(false)
  expect(isWithin(readRights(null, policy.digest), before)).toBe(false)
  expect(inBoth(rightsOf(standing), before).held).toBe(0)
})
