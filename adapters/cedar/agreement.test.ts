import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { openCedarPolicy } from '#adapters/cedar/policy.ts'
import { readPolicyFolder } from '#adapters/cedar/policy-folder.ts'
import { isAgencyId } from '#core/agency.ts'
import { CAVEATS, isAccessCaveat, isCaveat } from '#core/caveat.ts'
import { CLASSIFICATIONS } from '#core/classification.ts'
import { ALL_JURISDICTIONS } from '#core/jurisdiction.ts'
import {
  DENIAL_REASONS,
  type DenialReason,
  type PolicyAction,
  type PolicyRequest,
} from '#core/ports/policy.ts'
import { isPrincipalId } from '#core/principal.ts'
import { REALMS } from '#core/realm.ts'
import { decidedFor } from '#tests/decision-rows.ts'

/** The design's sentences once more, in code that shares nothing with `policy/`. */
const naiveReasons = ({ action, principal, alert }: PolicyRequest): Set<DenialReason> => {
  const reasons = new Set<DenialReason>()
  const demand = (met: boolean, reason: DenialReason): unknown => met || reasons.add(reason)
  const hasRole = (role: string): boolean => principal.roles.some((one) => one === role)
  const LEVELS = ['UNCLASSIFIED', 'RESTRICTED', 'CONFIDENTIAL', 'SECRET', 'TOP_SECRET']

  demand(principal.active, 'suspended')
  if (action === 'search-own') {
    demand(hasRole('auditor') || hasRole('national-auditor'), 'role-missing')
  }
  if (action === 'search-all') demand(hasRole('national-auditor'), 'role-missing')
  if (alert === null) return reasons

  const { origin, label } = alert
  const level = LEVELS.indexOf(label.classification)
  const own = principal.agency === origin
  if (action === 'preview') {
    demand(hasRole('publisher') || hasRole('subscriber'), 'role-missing')
    demand(own, 'not-own-agency')
    return reasons
  }
  demand(LEVELS.indexOf(principal.clearance) >= level, 'clearance-too-low')
  for (const caveat of ['JUVENILE', 'PROTECTED_PERSON'] as const) {
    if (label.caveats.includes(caveat)) {
      demand(principal.caveats.includes(caveat), 'missing-caveat')
    }
  }
  if (action === 'publish') {
    demand(hasRole('publisher'), 'role-missing')
    demand(own, 'not-own-agency')
    demand(LEVELS.indexOf(principal.agencyCeiling) >= level, 'above-agency-ceiling')
    return reasons
  }
  demand(hasRole('subscriber'), 'role-missing')
  const meets = principal.jurisdictions.some((one) => label.jurisdictions.includes(one))
  demand(own || meets, 'outside-jurisdiction')
  demand(own || (label.releasableTo?.includes(principal.agency) ?? true), 'not-releasable')
  demand(principal.kind === 'PERSON' || !label.caveats.includes('EYES_ONLY'), 'persons-only')
  return reasons
}

const AGENCIES = ['ctd-kp', 'ctd-punjab', 'nacta', 'fia'].filter(isAgencyId)
const CAVEAT_NAMES = Object.keys(CAVEATS).filter(isCaveat)
const ROLES = ['administrator', 'auditor', 'national-auditor', 'publisher', 'subscriber'] as const

const agency = fc.constantFrom(...AGENCIES)
const level = fc.constantFrom(...CLASSIFICATIONS)
const subset = <T>(all: readonly T[], minLength: number): fc.Arbitrary<T[]> =>
  fc.subarray([...all], { minLength })
/** Often most of them: else nearly every request is denied for several reasons. */
const many = <T>(all: readonly T[]): fc.Arbitrary<T[]> =>
  fc.oneof(subset(all, 1), subset(all, all.length - 1))
const few = <T>(all: readonly T[]): fc.Arbitrary<T[]> => fc.subarray([...all], { maxLength: 2 })

const principal = fc.record({
  id: fc.constantFrom(...['ctd-kp/someone'].filter(isPrincipalId)),
  agency,
  kind: fc.constantFrom('PERSON' as const, 'SYSTEM' as const),
  active: fc.integer({ min: 0, max: 5 }).map((value) => value > 0),
  clearance: level,
  agencyCeiling: level,
  jurisdictions: fc.oneof(many(ALL_JURISDICTIONS), few(ALL_JURISDICTIONS)),
  caveats: subset(CAVEAT_NAMES.filter(isAccessCaveat), 0),
  roles: fc.oneof(many(ROLES), few(ROLES)),
})
const alert = fc.record({
  origin: agency,
  label: fc.record({
    classification: level,
    jurisdictions: subset(ALL_JURISDICTIONS, 1),
    releasableTo: fc.option(many(AGENCIES)),
    caveats: few(CAVEAT_NAMES),
  }),
})
const READING = ['read', 'read', 'acknowledge'] as const
const ACTIONS = [...READING, 'publish', 'preview', 'search-own', 'search-all'] as const
const SEARCHES: readonly PolicyAction[] = ['search-own', 'search-all']
const request: fc.Arbitrary<PolicyRequest> = fc
  .record({
    action: fc.constantFrom(...ACTIONS),
    realm: fc.constantFrom(...REALMS),
    principal,
    alert,
  })
  .map((asked) => (SEARCHES.includes(asked.action) ? { ...asked, alert: null } : asked))

it('agrees with a naive reading of the design on up to 20,000 random requests', async () => {
  const files = await readPolicyFolder(join(import.meta.dirname, '../../policy'))
  const policy = openCedarPolicy({ files })
  const seen = new Map<string, number>()
  let runs = 0
  const agree = fc.property(request, (asked) => {
    const reasons = [...naiveReasons(asked)].sort()
    const expected = reasons.length === 0 ? ['allowed'] : reasons
    for (const one of expected) seen.set(one, (seen.get(one) ?? 0) + 1)
    runs += 1
    return String(decidedFor(policy, asked)) === String(expected)
  })
  // On a busy machine it stops early; a failure prints its seed.
  fc.assert(agree, { numRuns: 20_000, interruptAfterTimeLimit: 18_000 })

  // The property says little about an outcome that hardly ever comes up.
  expect(runs).toBeGreaterThan(2_000)
  const reasons = DENIAL_REASONS.filter((reason) => reason !== 'policy-error')
  for (const one of ['allowed', ...reasons]) {
    expect((seen.get(one) ?? 0) / runs, one).toBeGreaterThan(0.02)
  }
})
