import type { AgencyId } from '#core/agency.ts'
import type { PrincipalStanding } from '#core/directory/state.ts'
import type { Policy } from '#core/ports/policy.ts'
import type { Realm } from '#core/realm.ts'

/** Whose records a caller may see, by the directory and the policy as they are now. */
export type Scope =
  | { readonly sees: 'all' }
  /** Of the agency's principals, and about its alerts. */
  | { readonly sees: 'agency'; readonly agency: AgencyId }
  /** Their own, of what they were allowed. */
  | { readonly sees: 'own'; readonly reasons: readonly string[] }
  | { readonly sees: 'nothing'; readonly reasons: readonly string[] }

/** `standing`: null for a principal whom the directory does not know. */
export const scopeBy = (
  policy: Policy,
  realm: Realm,
  standing: PrincipalStanding | null,
): Scope => {
  if (standing === null) return { sees: 'nothing', reasons: ['suspended'] }
  const asked = { realm, principal: standing, alert: null }
  if (policy.decide({ ...asked, action: 'search-all' }).allowed) return { sees: 'all' }
  const own = policy.decide({ ...asked, action: 'search-own' })
  if (own.allowed) return { sees: 'agency', agency: standing.agency }
  const ofSelf = policy.decide({ ...asked, action: 'prove-own' })
  return { sees: ofSelf.allowed ? 'own' : 'nothing', reasons: own.reasons }
}
