import type { AgencyId } from '#core/agency.ts'
import { equalBytes } from '#core/bytes.ts'
import { rankOf } from '#core/classification.ts'
import {
  type AgencyAdded,
  type Ceiling,
  type DirectoryChange,
  type DirectoryEntry,
  type Genesis,
  KEY_USAGES,
  type KeyAdded,
  type KeyRevoked,
  type PrincipalSet,
} from '#core/directory/entry.ts'
import { type DirectoryState, isSuspended } from '#core/directory/state.ts'
import type { Sha256 } from '#core/hash.ts'
import { hasRightLength, type KeyId, keyIdOf, type PublicKey } from '#core/key.ts'
import type { PrincipalId } from '#core/principal.ts'

/** Why an entry is ignored. */
export type DirectoryFault =
  | 'malformed'
  | 'wrong-sequence'
  | 'wrong-predecessor'
  | 'time-went-back'
  | 'not-pinned'
  | 'unknown-signer'
  | 'bad-signature'
  | 'not-authorised'
  | 'beyond-ceiling'
  | 'already-there'
  | 'not-there'
  | 'bad-value'

/**
 * Whether `entry`, whose signatures by `signers` have verified, may follow `state`. Pure, and the
 * same everywhere: every service that reads the same topic comes to the same directory.
 */
export const faultOf = (
  state: DirectoryState,
  entry: DirectoryEntry,
  signers: readonly KeyId[],
  sha256: Sha256,
): DirectoryFault | null => {
  if (entry.sequence !== state.sequence + 1) return 'wrong-sequence'
  if (!equalBytes(entry.previousDigest, state.digest)) return 'wrong-predecessor'
  if (entry.enteredAtMs < state.enteredAtMs) return 'time-went-back'
  if (signers.length === 0) return 'not-authorised'
  const { change } = entry
  if (change.type === 'Genesis') return genesisFault(state, change, signers, sha256)
  const authority = authorityFor(state, change)
  if (authority === null) return 'not-there'
  const signed =
    authority === 'root'
      ? areRoots(state, signers)
      : signers.every((signer) => isAdministrator(state, signer, authority, entry.enteredAtMs))
  if (!signed) return 'not-authorised'
  return valueFault(state, change, sha256)
}

/** The agency whose administrators must sign, or the root keys; null when the thing is unknown. */
const authorityFor = (
  state: DirectoryState,
  change: Exclude<DirectoryChange, Genesis>,
): AgencyId | 'root' | null => {
  switch (change.type) {
    case 'PrincipalSet':
      return change.agency
    case 'KeyAdded':
      return change.agency ?? 'root'
    case 'KeyRevoked': {
      const key = state.keys.get(change.keyId)
      return key ? (key.agency ?? 'root') : null
    }
    default:
      return 'root'
  }
}

const areRoots = (state: DirectoryState, signers: readonly KeyId[]): boolean =>
  state.genesis !== null &&
  signers.every((signer) => state.rootKeys.has(signer)) &&
  new Set(signers).size >= state.genesis.rootSignaturesMin

const isAdministrator = (
  state: DirectoryState,
  signer: KeyId,
  agencyId: AgencyId,
  atMs: number,
): boolean => {
  const key = state.keys.get(signer)
  const agency = state.agencies.get(agencyId)
  if (!key || !agency || isSuspended(agency) || key.principal === null) return false
  const principal = state.principals.get(key.principal)
  return (
    key.usage === 'directory_signing' &&
    key.agency === agencyId &&
    key.revoked === null &&
    key.validFromMs <= atMs &&
    atMs < key.validToMs &&
    principal !== undefined &&
    !principal.suspended &&
    principal.roles.some(({ realm, role }) => realm === 'live' && role === 'administrator')
  )
}

const genesisFault = (
  state: DirectoryState,
  genesis: Genesis,
  signers: readonly KeyId[],
  sha256: Sha256,
): DirectoryFault | null => {
  if (state.sequence !== -1) return 'already-there'
  const roots = new Set(genesis.rootKeys.map((key) => keyIdOf(key, sha256)))
  const { rootSignaturesMin } = genesis
  if (!genesis.rootKeys.every(hasRightLength) || roots.size !== genesis.rootKeys.length) {
    return 'bad-value'
  }
  if (rootSignaturesMin < 1 || rootSignaturesMin > roots.size) return 'bad-value'
  const enough = new Set(signers).size >= rootSignaturesMin
  return enough && signers.every((signer) => roots.has(signer)) ? null : 'not-authorised'
}

const valueFault = (
  state: DirectoryState,
  change: Exclude<DirectoryChange, Genesis>,
  sha256: Sha256,
): DirectoryFault | null => {
  switch (change.type) {
    case 'AgencyAdded':
      return agencyFault(state, change, sha256)
    case 'AgencyStanding':
      return state.agencies.has(change.agency) ? null : 'not-there'
    case 'PrincipalSet':
      return principalFault(state, change)
    case 'NationalAuditorSet':
      return isOf(state, change.principal, change.agency) ? null : 'not-there'
    case 'KeyAdded':
      return keyFault(state, change, sha256)
    case 'KeyRevoked':
      return revocationFault(state, change)
    case 'PolicyActivated':
    case 'LogNamed':
      return null
  }
}

const agencyFault = (
  state: DirectoryState,
  change: AgencyAdded,
  sha256: Sha256,
): DirectoryFault | null => {
  if (state.agencies.has(change.agency)) return 'already-there'
  if (!change.administrator.startsWith(`${change.agency}/`)) return 'bad-value'
  if (change.ceiling.jurisdictions.length === 0) return 'bad-value'
  return newKeyFault(state, change.administratorKey, sha256)
}

const principalFault = (state: DirectoryState, change: PrincipalSet): DirectoryFault | null => {
  const agency = state.agencies.get(change.agency)
  if (!agency) return 'not-there'
  if (!change.principal.startsWith(`${change.agency}/`)) return 'bad-value'
  if (change.jurisdictions.length === 0) return 'bad-value'
  return isWithin(agency.ceiling, change) ? null : 'beyond-ceiling'
}

const isWithin = (ceiling: Ceiling, change: PrincipalSet): boolean =>
  rankOf(change.clearance) <= rankOf(ceiling.classification) &&
  change.jurisdictions.every((jurisdiction) => ceiling.jurisdictions.includes(jurisdiction))

const keyFault = (
  state: DirectoryState,
  change: KeyAdded,
  sha256: Sha256,
): DirectoryFault | null => {
  const { agency, principal, usage, key } = change
  const { owner } = KEY_USAGES[usage]
  const actual = agency === null ? 'hub' : principal === null ? 'agency' : 'principal'
  if (actual !== owner || change.validFromMs >= change.validToMs) return 'bad-value'
  if (agency !== null && principal !== null && !isOf(state, principal, agency)) return 'not-there'
  // JSON Web Tokens are signed with ES256 only.
  const signsTokens = usage === 'authentication' || usage === 'token_signing'
  if (signsTokens && key.algorithm !== 'ES256') return 'bad-value'
  return newKeyFault(state, key, sha256)
}

/** A key is entered once, for one owner and usage, for ever: it can never change hands. */
const newKeyFault = (
  state: DirectoryState,
  key: PublicKey,
  sha256: Sha256,
): DirectoryFault | null => {
  if (!hasRightLength(key)) return 'bad-value'
  const id = keyIdOf(key, sha256)
  return state.keys.has(id) || state.rootKeys.has(id) ? 'already-there' : null
}

/** A second revocation is of use only when it says that the key was compromised (earlier). */
const revocationFault = (state: DirectoryState, change: KeyRevoked): DirectoryFault | null => {
  const revoked = state.keys.get(change.keyId)?.revoked
  if (!revoked) return null
  const since = change.compromisedSinceMs
  if (since === null) return 'already-there'
  const known = revoked.compromisedSinceMs
  return known === null || since < known ? null : 'already-there'
}

const isOf = (state: DirectoryState, principal: PrincipalId, agency: AgencyId): boolean =>
  state.principals.get(principal)?.agency === agency
