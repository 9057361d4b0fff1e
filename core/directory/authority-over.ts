import type { AgencyId } from '#core/agency.ts'
import type { DirectoryChange } from '#core/directory/entry.ts'
import type { DirectoryState } from '#core/directory/state.ts'

/** Of what only root keys may sign. No agency's id, so that none can be mistaken for it. */
export const ROOT = Symbol('root')

/** Whose signatures a change needs: the root keys', or those of an agency's administrators. */
export type Authority = AgencyId | typeof ROOT

/** Null when the change is of a key that is not there. */
export const authorityOver = (
  state: Pick<DirectoryState, 'keys'>,
  change: DirectoryChange,
): Authority | null => {
  switch (change.type) {
    case 'PrincipalSet':
      return change.agency
    case 'KeyAdded':
      return change.agency ?? ROOT
    case 'KeyRevoked': {
      const key = state.keys.get(change.keyId)
      return key ? (key.agency ?? ROOT) : null
    }
    default:
      return ROOT
  }
}
