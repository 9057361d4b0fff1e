import type { AuthenticatedCaller } from '#adapters/http/caller.ts'
import type { IndexedAlert } from '#core/ports/alert-index.ts'
import { inBoth, isWithin, type ReadRights, readRights } from '#core/read-rights.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { decideRead, type Reader, standingFaultOf } from '#services/gateway/release.ts'

/** By what this caller may read, by the directory as it is now. */
export const rightsOf = (
  { directory, policy }: GatewayDeps,
  { principal, realm, isTokenUnbound }: AuthenticatedCaller,
): ReadRights => {
  const standing = directory.state.standingOf(principal, realm)
  return readRights(standing && { standing, isBound: !isTokenUnbound }, policy.digest)
}

/**
 * By what all was given that a step leaves behind: less than it was begun with when the directory
 * took something meanwhile, for then the rest was passed over. `dropped`: what was not released.
 */
export const rightsBehind = (
  deps: GatewayDeps,
  reader: Reader,
  begun: { readonly rights: ReadRights; readonly sequence: number },
  dropped: readonly IndexedAlert[],
): ReadRights => {
  if (deps.directory.state.sequence === begun.sequence) return begun.rights
  const now = inBoth(begun.rights, rightsOf(deps, reader.caller))
  // Taken and given back since: what was dropped in between is behind, whatever is held now.
  const isGivenBack = dropped.some(
    (one) =>
      decideRead(deps, reader.caller, one).allowed && standingFaultOf(deps, reader, one) === null,
  )
  return isGivenBack ? { ...now, held: 0 } : now
}

export const hasWidened = (now: ReadRights, before: ReadRights): boolean => !isWithin(now, before)
