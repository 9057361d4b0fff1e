import type { AgencyId } from '#core/agency.ts'
import { hex } from '#core/bytes.ts'
import type { DirectoryFault } from '#core/directory/authority.ts'
import type {
  DirectoryChange,
  KeyAdded,
  PrincipalSet,
  RootKeysChanged,
} from '#core/directory/entry.ts'
import type { DirectoryState } from '#core/directory/state.ts'
import type { Sha256 } from '#core/hash.ts'
import { type KeyId, keyIdOf } from '#core/key.ts'
import { isPlainLine } from '#core/text.ts'

/** What each fault means for whoever wanted the change. */
export const FAULTS: Readonly<Record<DirectoryFault, string>> = {
  malformed: 'The bytes are no directory entry in its one canonical form.',
  'wrong-sequence': 'It is not the next entry of the chain.',
  'wrong-predecessor': 'It does not follow the last entry of the chain.',
  'time-went-back': 'It claims an earlier time than an entry before it: set this machine’s clock.',
  'not-pinned': 'It is a genesis entry other than the pinned one.',
  'unknown-signer': 'The directory knows no key of that id: sign with --key FILE.',
  'bad-signature': 'A signature does not verify.',
  'not-authorised':
    'These keys may not: root keys speak of agencies, an administrator of its own agency’s.',
  'beyond-ceiling': 'It gives more than the agency’s ceiling of classification and jurisdictions.',
  'already-there': 'The directory says so already; a key is entered once, for ever.',
  'not-there': 'The directory does not know whom or what this is about.',
  'bad-value': 'A value has no meaning: see names, lists with doubles, times, algorithms.',
  'not-suspended': 'Administrators are replaced only while the agency is suspended.',
  'last-administrator':
    'The agency would have no administrator left: enter another first; a stolen key: --compromised-since.',
  'no-possession':
    'The new key has not signed that it is to be this owner’s, for this: rabta key prove.',
}

/** A change in one line. */
export const changeInWords = (change: DirectoryChange, sha256: Sha256): string => {
  switch (change.type) {
    case 'Genesis':
      return `federation «${plain(change.federation)}» with ${change.rootKeys.length} root key(s)`
    case 'AgencyAdded': {
      const { agency, home, ceiling, administrator, administratorKey } = change
      const most = `${ceiling.classification} in ${ceiling.jurisdictions.join(' ')}`
      const key = keyIdOf(administratorKey, sha256)
      return `agency ${agency} of ${home}, at most ${most}; ${administrator} signs with ${key}`
    }
    case 'AgencyStanding':
      return `agency ${change.agency} ${change.suspended ? 'suspended' : 'resumed'}`
    case 'AdministratorsReplaced': {
      const { agency, administrator, administratorKey } = change
      const key = keyIdOf(administratorKey, sha256)
      return `ROOT KEYS REPLACE ALL ADMINISTRATORS of ${agency}: ${administrator} signs with ${key}`
    }
    case 'RootKeysChanged':
      return rootKeysInWords(change, sha256)
    case 'PrincipalSet':
      return principalInWords(change)
    case 'NationalAuditorSet':
      return [
        `national-auditor of ${change.realm}`,
        change.granted ? 'granted to' : 'taken from',
        change.principal,
      ].join(' ')
    case 'KeyAdded':
      return keyInWords(change, sha256)
    case 'KeyRevoked': {
      const since = change.compromisedSinceMs
      const known = since === null ? '' : `, compromised since ${timeText(since)}`
      return `key ${change.keyId} revoked${known}`
    }
    case 'PolicyActivated':
      return `policy ${hex(change.digest)} activated`
    case 'LogNamed':
      return `access log named ${plain(change.verifierKey)}`
  }
}

/** An ignored entry may hold what a terminal takes for commands. */
const plain = (text: string): string => (isPlainLine(text) ? text : '(with control characters)')

const rootKeysInWords = (change: RootKeysChanged, sha256: Sha256): string => {
  const { added, removed, rootSignaturesMin } = change
  const parts = [
    ...added.map(({ key }) => `${keyIdOf(key, sha256)} added`),
    ...removed.map((id) => `${id} removed`),
    `${rootSignaturesMin} must sign`,
  ]
  return `root keys: ${parts.join(', ')}`
}

const principalInWords = (change: PrincipalSet): string => {
  const { principal, kind, suspended, clearance, jurisdictions, caveats, roles } = change
  const parts = [kind, clearance, jurisdictions.join(' '), caveats.join(' '), rolesText(roles)]
  const state = suspended ? ' SUSPENDED' : ''
  return `principal ${principal}${state}: ${parts.filter((part) => part !== '').join(', ')}`
}

const keyInWords = (change: KeyAdded, sha256: Sha256): string => {
  const { agency, principal, usage, key, validFromMs, validToMs } = change
  const owner = principal ?? agency ?? 'the hub'
  const span = `${timeText(validFromMs)} to ${timeText(validToMs)}`
  return `key ${keyIdOf(key, sha256)} (${usage}) of ${owner}, ${span}`
}

/** Whose the change is; null for the federation's and the hub's own. */
export const subjectOf = (state: DirectoryState, change: DirectoryChange): AgencyId | null => {
  if (change.type === 'KeyRevoked') return state.keys.get(change.keyId)?.agency ?? null
  return 'agency' in change ? change.agency : null
}

/** Whose key that is. */
export const signerInWords = (state: DirectoryState, id: KeyId): string => {
  if (state.rootKeys.has(id)) return `root key ${id}`
  const key = state.keys.get(id)
  if (state.formerRootKeys.has(id)) return `former root key ${id}`
  return `${key?.principal ?? key?.agency ?? 'nobody'}, key ${id}`
}

export const rolesText = (
  roles: readonly { readonly realm: string; readonly role: string }[],
): string => roles.map(({ realm, role }) => `${realm}:${role}`).join(' ')

/** To the second, as an access record's reader compares them. */
export const timeText = (timeMs: number): string => new Date(timeMs).toISOString()

/** For JSON.stringify: bytes in hexadecimal. */
export const bytesAsHex = (_name: string, value: unknown): unknown =>
  value instanceof Uint8Array ? hex(value) : value
