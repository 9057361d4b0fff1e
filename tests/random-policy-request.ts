import fc from 'fast-check'
import { isAgencyId } from '#core/agency.ts'
import { CAVEATS, isAccessCaveat, isCaveat } from '#core/caveat.ts'
import { CLASSIFICATIONS } from '#core/classification.ts'
import { ALL_JURISDICTIONS } from '#core/jurisdiction.ts'
import { POLICY_ACTIONS, type PolicyAction, type PolicyRequest } from '#core/ports/policy.ts'
import { isPrincipalId } from '#core/principal.ts'
import { REALMS } from '#core/realm.ts'

const AGENCIES = ['ctd-kp', 'ctd-punjab', 'nacta', 'fia'].filter(isAgencyId)
const CAVEAT_NAMES = Object.keys(CAVEATS).filter(isCaveat)
const ROLES = ['administrator', 'auditor', 'national-auditor', 'publisher', 'subscriber'] as const

const agency = fc.constantFrom(...AGENCIES)
const level = fc.constantFrom(...CLASSIFICATIONS)
const subset = <T>(all: readonly T[], minLength: number, maxLength = all.length) =>
  fc.subarray([...all], { minLength, maxLength })
const likely = <T>(usual: fc.Arbitrary<T>, other: fc.Arbitrary<T>, weight = 6) =>
  fc.oneof({ arbitrary: usual, weight }, { arbitrary: other, weight: 1 })

/** Often what opens a door: else nearly every request would be denied for several reasons. */
const principal = fc.record({
  id: fc.constantFrom(...['ctd-kp/someone'].filter(isPrincipalId)),
  agency,
  kind: fc.constantFrom('PERSON' as const, 'SYSTEM' as const),
  active: likely(fc.constant(true), fc.boolean()),
  clearance: likely(fc.constantFrom('SECRET' as const, 'TOP_SECRET' as const), level, 3),
  agencyCeiling: likely(fc.constantFrom('SECRET' as const, 'TOP_SECRET' as const), level, 1),
  jurisdictions: likely(subset(ALL_JURISDICTIONS, 7), subset(ALL_JURISDICTIONS, 0, 2), 2),
  caveats: likely(
    fc.constant(CAVEAT_NAMES.filter(isAccessCaveat)),
    subset(CAVEAT_NAMES.filter(isAccessCaveat), 0),
    1,
  ),
  roles: likely(subset(ROLES, 4), subset(ROLES, 0, 1), 5),
})

// Three of them more often: else they would hardly ever be the only reason.
const RARE = ['EYES_ONLY', 'NOT_FOR_COURT', 'ORCON'] as const
const oneCaveat = fc.constantFrom(...RARE, ...CAVEAT_NAMES).map((one) => [one])

const alert = fc.record({
  origin: agency,
  label: fc.record({
    classification: level,
    jurisdictions: subset(ALL_JURISDICTIONS, 1),
    releasableTo: likely(fc.constant(null), subset(AGENCIES, 1), 1),
    caveats: likely(oneCaveat, subset(CAVEAT_NAMES, 0), 5),
  }),
})

/** Those with more rules more often. */
const WEIGHTS: Readonly<Record<PolicyAction, number>> = {
  acknowledge: 1,
  directory: 1,
  'directory-enter': 1,
  export: 11,
  preview: 2,
  'prove-own': 1,
  publish: 6,
  read: 8,
  'search-all': 1,
  'search-own': 1,
  status: 1,
}

const action = fc.oneof(
  ...(Object.keys(POLICY_ACTIONS) as PolicyAction[]).map((one) => {
    return { arbitrary: fc.constant(one), weight: WEIGHTS[one] }
  }),
)

const OF_OWN_ALERTS: readonly PolicyAction[] = ['preview', 'publish', 'status']

/** Requests to the policy: more than a quarter is allowed, and each reason is often the only one. */
export const randomPolicyRequest: fc.Arbitrary<PolicyRequest> = fc
  .record({
    action,
    realm: fc.constantFrom(...REALMS),
    principal,
    alert,
    isOwn: likely(fc.constant(true), fc.constant(false), 5),
  })
  .map(({ isOwn, alert: { origin, label }, ...asked }) => {
    const { action, principal } = asked
    const by = isOwn && OF_OWN_ALERTS.includes(action) ? principal.agency : origin
    switch (POLICY_ACTIONS[action]) {
      case 'label':
        return { ...asked, alert: { origin: by, label } }
      case 'name':
        return { ...asked, alert: { origin: by, label: null } }
      default:
        return { ...asked, alert: null }
    }
  })
