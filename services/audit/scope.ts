import type { AuthenticatedCaller } from '#adapters/http/caller.ts'
import type { AccessRecord } from '#core/access-record.ts'
import type { AgencyId } from '#core/agency.ts'
import { type Scope, scopeBy } from '#core/search-scope.ts'
import type { AuditDeps } from '#services/audit/deps.ts'

export const scopeOf = (
  { directory, policy }: AuditDeps,
  { principal, realm }: AuthenticatedCaller,
): Scope => scopeBy(policy, realm, directory.state.standingOf(principal, realm))

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
