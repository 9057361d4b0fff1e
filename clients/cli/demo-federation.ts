import type { AccessCaveat } from '#core/caveat.ts'
import type { Classification } from '#core/classification.ts'
import type { PrincipalKind, Role } from '#core/directory/entry.ts'
import { ALL_JURISDICTIONS, type Jurisdiction } from '#core/jurisdiction.ts'

/**
 * An invented federation to try the hub with: the bodies' short names are real, the posts, keys and
 * clearances are not. Each agency also has an administrator, who signs what is said of its own.
 */
export interface DemoAgency {
  readonly agency: string
  readonly home: Jurisdiction
  readonly ceiling: Classification
  /** Which jurisdictions its principals may hold. */
  readonly jurisdictions: readonly Jurisdiction[]
  readonly principals: readonly DemoPrincipal[]
}

export interface DemoPrincipal {
  readonly name: string
  readonly kind: PrincipalKind
  readonly clearance: Classification
  readonly caveats: readonly AccessCaveat[]
  readonly roles: readonly Role[]
}

const person = (
  name: string,
  clearance: Classification,
  roles: readonly Role[],
  caveats: readonly AccessCaveat[] = [],
): DemoPrincipal => ({ name, kind: 'PERSON', clearance, caveats, roles })

/** A CTD: publishes as a system, reads as a duty officer, audits as a security officer. */
const ctd = (agency: string, home: Jurisdiction): DemoAgency => ({
  agency,
  home,
  ceiling: 'SECRET',
  jurisdictions: [home],
  principals: [
    {
      name: 'feed-system',
      kind: 'SYSTEM',
      clearance: 'SECRET',
      caveats: ['JUVENILE', 'PROTECTED_PERSON'],
      roles: ['publisher'],
    },
    person('duty-officer', 'CONFIDENTIAL', ['publisher', 'subscriber']),
    person('analyst', 'SECRET', ['subscriber'], ['PROTECTED_PERSON']),
    person('security-officer', 'RESTRICTED', ['auditor']),
  ],
})

export const DEMO_FEDERATION: readonly DemoAgency[] = [
  ctd('ctd-kp', 'PK-KP'),
  ctd('ctd-punjab', 'PK-PB'),
  ctd('ctd-sindh', 'PK-SD'),
  ctd('ctd-balochistan', 'PK-BA'),
  ctd('ctd-ict', 'PK-IS'),
  ctd('ctd-gb', 'PK-GB'),
  ctd('ctd-ajk', 'PK-JK'),
  {
    agency: 'nacta',
    home: 'PK',
    ceiling: 'TOP_SECRET',
    jurisdictions: ALL_JURISDICTIONS,
    principals: [
      person('coordinator', 'SECRET', ['publisher', 'subscriber'], ['PROTECTED_PERSON']),
      person('liaison', 'CONFIDENTIAL', ['subscriber']),
      person('national-auditor', 'RESTRICTED', ['auditor', 'national-auditor']),
    ],
  },
]
