import { randomBytes } from '#adapters/crypto/random.ts'
import type { DemoAgency, DemoPrincipal } from '#clients/cli/demo-federation.ts'
import { clientAssertion } from '#clients/sdk/assertion.ts'
import { isPrincipalId, type PrincipalId } from '#core/principal.ts'
import { REALMS, type Realm } from '#core/realm.ts'
import { enter } from '#tests/directory-entries.ts'
import { agencyId } from '#tests/sample-alert.ts'
import type { TestHub } from '#tests/test-hub.ts'

/** Who calls, as the rows and columns of the route table name them. */
export interface Caller {
  readonly name: string
  readonly principal: PrincipalId | null
  readonly realm: Realm
  /** The access token; null for none. */
  readonly token: string | null
  /** A fresh client assertion, where the caller has one to show. */
  readonly assertion: () => Promise<string | null>
}

/** The columns of a row of principals; each holds the one role, or none. */
export const ROLES = ['publisher', 'subscriber', 'auditor', 'administrator', 'none'] as const

/** By row: the agency that signed the alert, one that the label names, one that it does not. */
export const AGENCIES = { origin: 'ctd-kp', named: 'ctd-punjab', other: 'ctd-sindh' } as const

/** The columns of the row of those whom their role does not describe. */
export const SPECIAL = {
  'national-auditor': 'nacta/national-auditor',
  // Of the origin, with every role.
  'suspended-person': 'ctd-kp/suspended',
  // With every role, of an agency that the label names.
  'suspended-agency': 'ctd-gb/officer',
} as const

/** The columns of the row of those whom nobody knows. */
export const STRANGERS = ['no-token', 'garbage', 'expired'] as const

const person = (name: string, roles: DemoPrincipal['roles']): DemoPrincipal => ({
  name,
  kind: 'PERSON',
  clearance: 'CONFIDENTIAL',
  caveats: [],
  roles,
})

const EVERY_ROLE = ['publisher', 'subscriber', 'auditor'] as const

const ctd = (agency: string, home: DemoAgency['home']): DemoAgency => ({
  agency,
  home,
  ceiling: 'SECRET',
  jurisdictions: [home],
  principals: [
    person('publisher', ['publisher']),
    person('subscriber', ['subscriber']),
    person('auditor', ['auditor']),
    person('none', []),
    person('suspended', EVERY_ROLE),
    person('officer', EVERY_ROLE),
  ],
})

export const FEDERATION: readonly DemoAgency[] = [
  ctd('ctd-kp', 'PK-KP'),
  ctd('ctd-punjab', 'PK-PB'),
  ctd('ctd-sindh', 'PK-SD'),
  ctd('ctd-gb', 'PK-GB'),
  {
    agency: 'nacta',
    home: 'PK',
    ceiling: 'TOP_SECRET',
    jurisdictions: ['PK'],
    principals: [person('national-auditor', ['auditor', 'national-auditor'])],
  },
]

/** All callers with their tokens; two of them are suspended once they have them. */
export const callersOf = async (hub: TestHub): Promise<readonly Caller[]> => {
  const callers: Caller[] = []
  for (const realm of REALMS) {
    for (const [row, agency] of Object.entries(AGENCIES)) {
      for (const role of ROLES) {
        callers.push(await callerOf(hub, `${realm} ${row} ${role}`, `${agency}/${role}`, realm))
      }
    }
    for (const [column, principal] of Object.entries(SPECIAL)) {
      callers.push(await callerOf(hub, `${realm} special ${column}`, principal, realm))
    }
  }
  await suspend(hub)
  return [...(await strangersOf(hub)), ...callers]
}

const callerOf = async (
  hub: TestHub,
  name: string,
  principal: string,
  realm: Realm,
): Promise<Caller> => {
  if (!isPrincipalId(principal)) throw new RangeError(principal)
  const token = await hub.token(principal, realm)
  const assertion = () => assertionOf(hub, principal, Date.now())
  return { name, principal, realm, token, assertion }
}

const assertionOf = (hub: TestHub, principal: PrincipalId, nowMs: number): Promise<string> =>
  clientAssertion({
    authentication: hub.home.principalSigner(principal),
    principal,
    audience: `${hub.home.issuer}/v1/token`,
    nowMs,
    random: randomBytes,
  })

const LONG_AGO_MS = 600_000

const strangersOf = async (hub: TestHub): Promise<readonly Caller[]> => {
  const principal = 'ctd-kp/subscriber'
  if (!isPrincipalId(principal)) throw new RangeError(principal)
  const thenMs = Date.now() - LONG_AGO_MS
  const expired = await hub.hub.gateway.deps.tokens.issue(
    { principal, realm: 'live' },
    thenMs,
    300_000,
  )
  const stranger = (
    column: (typeof STRANGERS)[number],
    token: string | null,
    assertion: () => Promise<string | null>,
  ): Caller => ({ name: `stranger ${column}`, principal: null, realm: 'live', token, assertion })
  return [
    stranger('no-token', null, async () => null),
    stranger('garbage', 'x.y.z', async () => 'x.y.z'),
    stranger('expired', expired, () => assertionOf(hub, principal, thenMs)),
  ]
}

const suspend = async (hub: TestHub): Promise<void> => {
  const principal = SPECIAL['suspended-person']
  if (!isPrincipalId(principal)) throw new RangeError(principal)
  await enter(hub, hub.home.administratorSigner('ctd-kp'), {
    type: 'PrincipalSet',
    agency: agencyId('ctd-kp'),
    principal,
    kind: 'PERSON',
    suspended: true,
    clearance: 'CONFIDENTIAL',
    jurisdictions: ['PK-KP'],
    caveats: [],
    roles: REALMS.flatMap((realm) => EVERY_ROLE.map((role) => ({ realm, role }))),
  })
  await enter(hub, hub.home.rootSigner, {
    type: 'AgencyStanding',
    agency: agencyId('ctd-gb'),
    suspended: true,
  })
}
