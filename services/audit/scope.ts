import type { AuthenticatedCaller } from '#adapters/http/caller.ts'
import type { AccessRecord } from '#core/access-record.ts'
import type { AgencyId } from '#core/agency.ts'
import type { AuditDeps } from '#services/audit/deps.ts'

/** Whose records a caller may see, by the directory and the policy as they are now. */
export type Scope =
  | { readonly sees: 'all' }
  /** Of the agency's principals, and about its alerts. */
  | { readonly sees: 'agency'; readonly agency: AgencyId }
  /** Their own, of what they were allowed. */
  | { readonly sees: 'own'; readonly reasons: readonly string[] }
  | { readonly sees: 'nothing'; readonly reasons: readonly string[] }

export const scopeOf = (
  { directory, policy }: AuditDeps,
  { principal, realm }: AuthenticatedCaller,
): Scope => {
  const standing = directory.state.standingOf(principal, realm)
  if (standing === null) return { sees: 'nothing', reasons: ['suspended'] }
  const asked = { realm, principal: standing, alert: null }
  if (policy.decide({ ...asked, action: 'search-all' }).allowed) return { sees: 'all' }
  const own = policy.decide({ ...asked, action: 'search-own' })
  if (own.allowed) return { sees: 'agency', agency: standing.agency }
  const ofSelf = policy.decide({ ...asked, action: 'prove-own' })
  return { sees: ofSelf.allowed ? 'own' : 'nothing', reasons: own.reasons }
}

/** The realm is the caller's in every case: nothing crosses. */
export const canSee = (
  scope: Scope,
  caller: AuthenticatedCaller,
  record: AccessRecord | null,
): boolean => {
  // What cannot be read may be of either realm.
  if (record === null) return scope.sees === 'all' && caller.realm === 'live'
  if (record.realm !== caller.realm) return false
  switch (scope.sees) {
    case 'all':
      return true
    case 'agency':
      return (
        record.agency === scope.agency ||
        record.alert?.origin === scope.agency ||
        isOwnAllowed(caller, record)
      )
    case 'own':
      return isOwnAllowed(caller, record)
    default:
      return false
  }
}

/** The agency of a search: null for all; undefined for those who may not search. */
export const searchableBy = (scope: Scope): AgencyId | null | undefined => {
  if (scope.sees === 'all') return null
  return scope.sees === 'agency' ? scope.agency : undefined
}

/** Why the scope is not enough for a query that needs an auditor's role. */
export const roleFault = (scope: Scope): readonly string[] =>
  'reasons' in scope ? scope.reasons : ['role-missing']

const isOwnAllowed = ({ principal }: AuthenticatedCaller, record: AccessRecord): boolean =>
  record.principal === principal && record.outcome === 'ALLOWED'
