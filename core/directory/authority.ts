import type { AgencyId } from '#core/agency.ts'
import { equalBytes } from '#core/bytes.ts'
import { rankOf } from '#core/classification.ts'
import { hasAnother, isAdministrator, isAdministratorKey } from '#core/directory/administrators.ts'
import { authorityOver, ROOT } from '#core/directory/authority-over.ts'
import {
  type AdministratorsReplaced,
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
  type RootKeysChanged,
} from '#core/directory/entry.ts'
import { type DirectoryState, isSuspended } from '#core/directory/state.ts'
import type { Sha256 } from '#core/hash.ts'
import { isUsableKey, type KeyId, keyIdOf, type PublicKey } from '#core/key.ts'
import { LIMITS } from '#core/limits.ts'
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
  | 'not-suspended'
  | 'last-administrator'
  | 'no-possession'

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
      ? areRoots(state, signers, change)
      : areAdministrators(state, signers, { agency: authority, entry })
  if (!signed) return 'not-authorised'
  return valueFault(state, entry, change, sha256)
}

/** Who replaces root keys takes the whole federation: few signatures may do for all else. */
const areRoots = (
  state: DirectoryState,
  signers: readonly KeyId[],
  change: DirectoryChange,
): boolean => {
  const most = Math.floor(state.rootKeys.size / 2) + 1
  const min = change.type === 'RootKeysChanged' ? most : 1
  return (
    signers.every((signer) => state.rootKeys.has(signer)) &&
    new Set(signers).size >= Math.max(min, state.rootSignaturesMin)
  )
}

/** A suspended agency's administrators may still take back a key: thieves do not wait. */
const areAdministrators = (
  state: DirectoryState,
  signers: readonly KeyId[],
  of: { readonly agency: AgencyId; readonly entry: DirectoryEntry },
): boolean => {
  const agency = state.agencies.get(of.agency)
  if (!agency || (isSuspended(agency) && of.entry.change.type !== 'KeyRevoked')) return false
  const { enteredAtMs } = of.entry
  return signers.every((id) => isAdministratorKey(state, id, of.agency, enteredAtMs))
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
  if (!genesis.rootKeys.every(isUsableKey) || roots.size !== genesis.rootKeys.length) {
    return 'bad-value'
  }
  if (!canAct(roots.size, rootSignaturesMin)) return 'bad-value'
  const enough = new Set(signers).size >= rootSignaturesMin
  return enough && signers.every((signer) => roots.has(signer)) ? null : 'not-authorised'
}

/** Whether most of so many root keys, and `min` of them, fit into the signatures of one entry. */
const canAct = (rootKeys: number, min: number): boolean =>
  rootKeys <= LIMITS.rootKeysMax && min >= 1 && min <= Math.min(rootKeys, LIMITS.signaturesMax)

const valueFault = (
  state: DirectoryState,
  { enteredAtMs: atMs }: DirectoryEntry,
  change: Exclude<DirectoryChange, Genesis>,
  sha256: Sha256,
): DirectoryFault | null => {
  switch (change.type) {
    case 'AgencyAdded':
      return agencyFault(state, change, atMs, sha256)
    case 'AgencyStanding':
      return standingFault(state, change)
    case 'AdministratorsReplaced':
      return replacementFault(state, change, atMs, sha256)
    case 'RootKeysChanged':
      return rootKeysFault(state, change, sha256)
    case 'PrincipalSet':
      return principalFault(state, change, atMs)
    case 'NationalAuditorSet':
      return isOf(state, change.principal, change.agency) ? null : 'not-there'
    case 'KeyAdded':
      return keyFault(state, change, sha256)
    case 'KeyRevoked':
      return revocationFault(state, change, atMs)
    case 'PolicyActivated':
      return null
    case 'LogNamed':
      return logFault(state, change, sha256)
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

const replacementFault = (
  state: DirectoryState,
  { agency: id, administrator, administratorKey, validToMs }: AdministratorsReplaced,
  enteredAtMs: number,
  sha256: Sha256,
): DirectoryFault | null => {
  const agency = state.agencies.get(id)
  if (!agency) return 'not-there'
  // Everybody sees a suspension: nobody becomes a province's administrator in passing.
  if (!isSuspended(agency)) return 'not-suspended'
  if (agencyOf(administrator) !== id || validToMs <= enteredAtMs) return 'bad-value'
  // Else root keys could take over a post, with all that its agency gave it.
  if (state.principals.has(administrator)) return 'already-there'
  return newKeyFault(state, administratorKey, sha256)
}

const rootKeysFault = (
  state: DirectoryState,
  { added, removed, rootSignaturesMin }: RootKeysChanged,
  sha256: Sha256,
): DirectoryFault | null => {
  if (!removed.every((id) => state.rootKeys.has(id))) return 'not-there'
  for (const { key } of added) {
    const fault = newKeyFault(state, key, sha256)
    if (fault !== null) return fault
  }
  if (hasDoubles(removed) || hasDoubles(added.map(({ key }) => keyIdOf(key, sha256)))) {
    return 'bad-value'
  }
  const left = state.rootKeys.size - removed.length + added.length
  if (!canAct(left, rootSignaturesMin)) return 'bad-value'
  const isNew = added.length + removed.length > 0 || rootSignaturesMin !== state.rootSignaturesMin
  return isNew ? null : 'already-there'
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

const principalFault = (
  state: DirectoryState,
  change: PrincipalSet,
  atMs: number,
): DirectoryFault | null => {
  const agency = state.agencies.get(change.agency)
  if (!agency) return 'not-there'
  if (agencyOf(change.principal) !== change.agency) return 'bad-value'
  if (change.jurisdictions.length === 0) return 'bad-value'
  // Every decision about the principal looks at all of these, so none may be said twice.
  const roles = change.roles.map(({ realm, role }) => `${realm} ${role}`)
  if ([change.jurisdictions, change.caveats, roles].some(hasDoubles)) return 'bad-value'
  if (!isWithin(agency.ceiling, change)) return 'beyond-ceiling'
  const before = state.principals.get(change.principal)
  const stopsBeing = before && isAdministrator(before) && !isAdministrator(change)
  const isLast = stopsBeing && !hasAnother(state, agency.id, { principal: before.id, atMs })
  return isLast ? 'last-administrator' : null
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
  if (!isUsableKey(key)) return 'bad-value'
  const id = keyIdOf(key, sha256)
  const isKnown = state.keys.has(id) || state.rootKeys.has(id) || state.formerRootKeys.has(id)
  return isKnown ? 'already-there' : null
}

/**
 * A second revocation is of use only when it says that the key was compromised (earlier). The last
 * administrator's key is not laid down, for then only root keys could help; but if it is stolen,
 * that is said at once.
 */
const revocationFault = (
  state: DirectoryState,
  { keyId, compromisedSinceMs: since }: KeyRevoked,
  atMs: number,
): DirectoryFault | null => {
  const key = state.keys.get(keyId)
  if (key?.revoked) {
    const known = key.revoked.compromisedSinceMs
    return since !== null && (known === null || since < known) ? null : 'already-there'
  }
  if (since !== null || !key?.agency || key.usage !== 'directory_signing') return null
  return hasAnother(state, key.agency, { key: keyId, atMs }) ? null : 'last-administrator'
}

/** A log's key that was given up never comes back. */
const logFault = (
  { logVerifierKey, formerLogKeys }: DirectoryState,
  { verifierKey }: LogNamed,
  sha256: Sha256,
): DirectoryFault | null => {
  const parsed = parseVerifierKey(sha256, verifierKey)
  if (parsed?.type !== 'ed25519') return 'bad-value'
  if (!isUsableKey({ algorithm: 'Ed25519', key: parsed.publicKey })) return 'bad-value'
  const isKnown = verifierKey === logVerifierKey || formerLogKeys.includes(verifierKey)
  return isKnown ? 'already-there' : null
}

const isOf = (state: DirectoryState, principal: PrincipalId, agency: AgencyId): boolean =>
  state.principals.get(principal)?.agency === agency
