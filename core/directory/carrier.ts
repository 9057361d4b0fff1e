import type { AgencyId } from '#core/agency.ts'
import { authorityOver, ROOT } from '#core/directory/authority-over.ts'
import type { DirectoryChange } from '#core/directory/entry.ts'
import type { DirectoryState } from '#core/directory/state.ts'
import type { PrincipalId } from '#core/principal.ts'

/**
 * Whether `carrier`, who authenticated in the live realm, may hand in an entry that makes `change`.
 * What an entry may say, its signatures decide; the carrier is who answers for its being sent, in
 * the access log. So:
 * - root keys lie offline and are no principal: any active principal carries what they signed;
 * - an agency's entries are carried by an active administrator of that agency;
 * - but as long as none of those has a key to authenticate with — a new agency, or one whose key
 *   was lost — any active principal carries them, for there would be no other way back in. They
 *   still need the signature of that agency's own administrator;
 * - a change of which nobody can say whose it is, nobody carries.
 */
export const mayCarry = (
  state: DirectoryState,
  carrier: PrincipalId,
  change: DirectoryChange,
  nowMs: number,
): boolean => {
  const standing = state.standingOf(carrier, 'live')
  if (standing === null || !standing.active) return false
  const authority = authorityOver(state, change)
  if (authority === null) return false
  if (authority === ROOT) return true
  const isAdministrator = standing.roles.includes('administrator')
  if (standing.agency === authority && isAdministrator) return true
  return !canAuthenticate(state, authority, nowMs)
}

/** Whether some active administrator of the agency has a key that tokens are given for. */
const canAuthenticate = (state: DirectoryState, agency: AgencyId, nowMs: number): boolean =>
  [...state.keys.values()].some(
    ({ usage, principal, revoked, validFromMs, validToMs, ...key }) =>
      usage === 'authentication' &&
      key.agency === agency &&
      principal !== null &&
      revoked === null &&
      validFromMs <= nowMs &&
      nowMs < validToMs &&
      isActiveAdministrator(state, principal),
  )

const isActiveAdministrator = (state: DirectoryState, id: PrincipalId): boolean => {
  const standing = state.standingOf(id, 'live')
  return standing?.active === true && standing.roles.includes('administrator')
}
