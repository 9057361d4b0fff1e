import type { AgencyId } from '#core/agency.ts'
import type { PrincipalSet } from '#core/directory/entry.ts'
import type { DirectoryKey, DirectoryState, Principal } from '#core/directory/state.ts'
import type { KeyId } from '#core/key.ts'

/** Whether the key speaks for the agency in the directory at that time, suspended or not. */
export const isAdministratorKey = (
  state: DirectoryState,
  id: KeyId,
  agency: AgencyId,
  atMs: number,
): boolean => {
  const key = state.keys.get(id)
  return key !== undefined && key.validFromMs <= atMs && canSignAfter(state, key, agency, atMs)
}

/**
 * Whether the agency would still have an administrator if `key`, or `principal`, were none. One
 * whose key becomes valid later counts: nobody is locked out for ever.
 */
export const hasAnother = (
  state: DirectoryState,
  agency: AgencyId,
  without: { readonly key?: KeyId; readonly principal?: string; readonly atMs: number },
): boolean =>
  [...state.keys.values()].some(
    (key) =>
      key.id !== without.key &&
      key.principal !== without.principal &&
      canSignAfter(state, key, agency, without.atMs),
  )

export const isAdministrator = ({ suspended, roles }: Principal | PrincipalSet): boolean =>
  !suspended && roles.some(({ realm, role }) => realm === 'live' && role === 'administrator')

const canSignAfter = (
  state: DirectoryState,
  key: DirectoryKey,
  agency: AgencyId,
  atMs: number,
): boolean => {
  const principal = key.principal === null ? undefined : state.principals.get(key.principal)
  return (
    key.usage === 'directory_signing' &&
    key.agency === agency &&
    key.revoked === null &&
    atMs < key.validToMs &&
    principal !== undefined &&
    isAdministrator(principal)
  )
}
