import { type AgencyId, isAgencyId } from '#core/agency.ts'
import type { AgencyAdded, KeyAdded, PrincipalSet } from '#core/directory/entry.ts'
import { provePossession } from '#core/directory/possession.ts'
import type { Jurisdiction } from '#core/jurisdiction.ts'
import { isPrincipalId, type PrincipalId } from '#core/principal.ts'
import { ed25519Key, es256Key, type VectorKey } from '#tools/vectors/keys.ts'

/** Who appears in the vectors of the directory, and in what is judged by it. */

export const DAY_MS = 86_400_000
/** 2026-01-05T00:00:00Z. */
export const FOUNDED_AT_MS = 1_767_571_200_000
/** 2031-01-05T00:00:00Z. */
export const VALID_TO_MS = 1_925_337_600_000

export const day = (days: number): number => FOUNDED_AT_MS + days * DAY_MS

export const ROOTS = [ed25519Key('root 1'), es256Key('root 2'), ed25519Key('root 3')] as const
export const STRANGER = ed25519Key('a stranger')
export const TOKENS = es256Key('tokens')
export const TOKENS_TWO = es256Key('tokens, second')

export const KP_ADMIN = ed25519Key('ctd-kp administrator')
export const KP_ADMIN_TWO = es256Key('ctd-kp administrator, second')
export const KP_ALERTS = ed25519Key('ctd-kp alerts')
export const KP_ALERTS_CARD = es256Key('ctd-kp alerts on a card')
export const KP_ALERTS_OLD = ed25519Key('ctd-kp alerts, old')
export const KP_EXERCISE = ed25519Key('ctd-kp exercise')
export const KP_OFFICER = es256Key('ctd-kp duty officer')
export const PUNJAB_ADMIN = es256Key('ctd-punjab administrator')
export const PUNJAB_ALERTS = es256Key('ctd-punjab alerts')
export const NACTA_ADMIN = ed25519Key('nacta administrator')
export const NACTA_ALERTS = ed25519Key('nacta alerts')

export const agencyId = (text: string): AgencyId => {
  if (!isAgencyId(text)) throw new TypeError(`${text} is no agency`)
  return text
}

export const principal = (text: string): PrincipalId => {
  if (!isPrincipalId(text)) throw new TypeError(`${text} is no principal`)
  return text
}

export const KP = agencyId('ctd-kp')
export const PUNJAB = agencyId('ctd-punjab')
export const NACTA = agencyId('nacta')

export const agencyAdded = async (
  agency: AgencyId,
  home: Jurisdiction,
  administratorKey: VectorKey,
): Promise<AgencyAdded> => ({
  type: 'AgencyAdded',
  home,
  ceiling: { classification: 'SECRET', jurisdictions: [home] },
  ...(await firstAdministrator(agency, 'administrator', administratorKey)),
})

/** What an entry says of an agency's first administrator. */
export const firstAdministrator = async (agency: AgencyId, post: string, key: VectorKey) => {
  const administrator = principal(`${agency}/${post}`)
  const owner = { agency, principal: administrator, usage: 'directory_signing' } as const
  const possession = await provePossession(key, owner)
  return {
    agency,
    administrator,
    administratorKey: key.publicKey,
    possession,
    validToMs: VALID_TO_MS,
  }
}

export const keyAdded = async (
  usage: KeyAdded['usage'],
  key: VectorKey,
  owner: { readonly agency: AgencyId | null; readonly principal?: PrincipalId },
): Promise<KeyAdded> => {
  const whose = { agency: owner.agency, principal: owner.principal ?? null, usage }
  return {
    type: 'KeyAdded',
    ...whose,
    key: key.publicKey,
    possession: await provePossession(key, whose),
    validFromMs: FOUNDED_AT_MS,
    validToMs: VALID_TO_MS,
  }
}

export const OFFICER: PrincipalSet = {
  type: 'PrincipalSet',
  agency: KP,
  principal: principal('ctd-kp/duty-officer'),
  kind: 'PERSON',
  suspended: false,
  clearance: 'SECRET',
  jurisdictions: ['PK-KP'],
  caveats: ['PROTECTED_PERSON'],
  roles: [
    { realm: 'live', role: 'subscriber' },
    { realm: 'exercise', role: 'subscriber' },
  ],
}
