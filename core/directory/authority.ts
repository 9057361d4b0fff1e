import type { AgencyId } from '#core/agency.ts'
import { equalBytes } from '#core/bytes.ts'
import { rankOf } from '#core/classification.ts'
import { authorityOver, ROOT } from '#core/directory/authority-over.ts'
import {
  type AgencyAdded,
  type AgencyStandingSet,
  type Ceiling,
  type DirectoryChange,
  type DirectoryEntry,
  type Genesis,
  KEY_USAGES,
  type KeyAdded,
  type KeyRevoked,
  type LogNamed,
  type PrincipalSet,
} from '#core/directory/entry.ts'
import { type DirectoryState, isSuspended } from '#core/directory/state.ts'
import type { Sha256 } from '#core/hash.ts'
import { hasRightLength, type KeyId, keyIdOf, type PublicKey } from '#core/key.ts'
import { agencyOf, type PrincipalId } from '#core/principal.ts'
import { parseVerifierKey } from '#core/tlog/verifier-key.ts'

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
  const { change, enteredAtMs } = entry
  const authority = authorityOver(state, change)
  if (authority === null) return 'not-there'
  if (enteredAtMs < state.notBeforeMs(authority)) return 'time-went-back'
  if (signers.length === 0) return 'not-authorised'
  if (change.type === 'Genesis') return genesisFault(state, change, signers, sha256)
  const signed =
    authority === ROOT
      ? areRoots(state, signers)
      : signers.every((signer) => isAdministrator(state, signer, authority, enteredAtMs))
  if (!signed) return 'not-authorised'
  return valueFault(state, entry, change, sha256)
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
  { enteredAtMs }: DirectoryEntry,
  change: Exclude<DirectoryChange, Genesis>,
  sha256: Sha256,
): DirectoryFault | null => {
  switch (change.type) {
    case 'AgencyAdded':
      return agencyFault(state, change, enteredAtMs, sha256)
    case 'AgencyStanding':
      return standingFault(state, change)
    case 'PrincipalSet':
      return principalFault(state, change)
    case 'NationalAuditorSet':
      return isOf(state, change.principal, change.agency) ? null : 'not-there'
    case 'KeyAdded':
      return keyFault(state, change, sha256)
    case 'KeyRevoked':
      return revocationFault(state, change)
    case 'PolicyActivated':
      return null
    case 'LogNamed':
      return logFault(change, sha256)
  }
}

const agencyFault = (
  state: DirectoryState,
  { agency, home, ceiling, administrator, administratorKey, validToMs }: AgencyAdded,
  enteredAtMs: number,
  sha256: Sha256,
): DirectoryFault | null => {
  if (state.agencies.has(agency)) return 'already-there'
  if (agencyOf(administrator) !== agency) return 'bad-value'
  // The first administrator is given the home, so it must be within what may be given.
  if (!ceiling.jurisdictions.includes(home)) return 'bad-value'
  // Nobody could ever administer an agency whose first key has run out: not even root keys may.
  if (validToMs <= enteredAtMs) return 'bad-value'
  return newKeyFault(state, administratorKey, sha256)
}

/** An entry that changes nothing would make a suspension look younger than it is. */
const standingFault = (
  state: DirectoryState,
  { agency: id, suspended }: AgencyStandingSet,
): DirectoryFault | null => {
  const agency = state.agencies.get(id)
  if (!agency) return 'not-there'
  return isSuspended(agency) === suspended ? 'already-there' : null
}

const principalFault = (state: DirectoryState, change: PrincipalSet): DirectoryFault | null => {
  const agency = state.agencies.get(change.agency)
  if (!agency) return 'not-there'
  if (agencyOf(change.principal) !== change.agency) return 'bad-value'
  if (change.jurisdictions.length === 0) return 'bad-value'
  // Every decision about the principal looks at all of these, so none may be said twice.
  const roles = change.roles.map(({ realm, role }) => `${realm} ${role}`)
  if ([change.jurisdictions, change.caveats, roles].some(hasDoubles)) return 'bad-value'
  return isWithin(agency.ceiling, change) ? null : 'beyond-ceiling'
}

const hasDoubles = (values: readonly string[]): boolean => new Set(values).size < values.length

const isWithin = (ceiling: Ceiling, change: PrincipalSet): boolean =>
  rankOf(change.clearance) <= rankOf(ceiling.classification) &&
  change.jurisdictions.every((jurisdiction) => ceiling.jurisdictions.includes(jurisdiction))

const keyFault = (
  state: DirectoryState,
  change: KeyAdded,
  sha256: Sha256,
): DirectoryFault | null => {
  const { agency, principal, usage, key } = change
  if (ownerOf(change) !== KEY_USAGES[usage].owner || change.validFromMs >= change.validToMs)
    return 'bad-value'
  if (agency !== null && principal !== null && !isOf(state, principal, agency)) return 'not-there'
  // JSON Web Tokens are signed with ES256 only.
  const signsTokens = usage === 'authentication' || usage === 'token_signing'
  if (signsTokens && key.algorithm !== 'ES256') return 'bad-value'
  return newKeyFault(state, key, sha256)
}

/** Null when nobody is: a principal of no agency. */
const ownerOf = ({ agency, principal }: KeyAdded): 'hub' | 'agency' | 'principal' | null => {
  if (agency === null) return principal === null ? 'hub' : null
  return principal === null ? 'agency' : 'principal'
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

const logFault = ({ verifierKey }: LogNamed, sha256: Sha256): DirectoryFault | null =>
  parseVerifierKey(sha256, verifierKey)?.type === 'ed25519' ? null : 'bad-value'

const isOf = (state: DirectoryState, principal: PrincipalId, agency: AgencyId): boolean =>
  state.principals.get(principal)?.agency === agency
