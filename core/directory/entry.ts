import type { AgencyId } from '#core/agency.ts'
import type { AccessCaveat } from '#core/caveat.ts'
import type { Classification } from '#core/classification.ts'
import type { Jurisdiction } from '#core/jurisdiction.ts'
import type { KeyId, PublicKey } from '#core/key.ts'
import type { PrincipalId } from '#core/principal.ts'
import type { Realm } from '#core/realm.ts'

/** One link of the directory's hash chain. */
export interface DirectoryEntry {
  /** 0 for the genesis entry, then one more each. */
  readonly sequence: number
  /** The digest of the entry before; 32 zero bytes in the genesis entry. */
  readonly previousDigest: Uint8Array
  /** The writer's claim. */
  readonly enteredAtMs: number
  readonly change: DirectoryChange
}

export type DirectoryChange =
  | Genesis
  | AgencyAdded
  | AgencyStandingSet
  | AdministratorsReplaced
  | RootKeysChanged
  | PrincipalSet
  | NationalAuditorSet
  | KeyAdded
  | KeyRevoked
  | PolicyActivated
  | LogNamed

export interface Genesis {
  readonly type: 'Genesis'
  readonly federation: string
  readonly rootKeys: readonly PublicKey[]
  /** How many different root keys must sign a root entry. */
  readonly rootSignaturesMin: number
}

/** By root keys: an agency, its home for ever, what it may give at most, its first administrator. */
export interface AgencyAdded {
  readonly type: 'AgencyAdded'
  readonly agency: AgencyId
  readonly home: Jurisdiction
  readonly ceiling: Ceiling
  readonly administrator: PrincipalId
  readonly administratorKey: PublicKey
  /** By `administratorKey`: see core/directory/possession.ts. */
  readonly possession: Uint8Array
  readonly validToMs: number
}

export interface Ceiling {
  readonly classification: Classification
  readonly jurisdictions: readonly Jurisdiction[]
}

/** By root keys. */
export interface AgencyStandingSet {
  readonly type: 'AgencyStanding'
  readonly agency: AgencyId
  readonly suspended: boolean
}

/**
 * By root keys, while the agency is suspended: all its administrators lose that role and their keys
 * for the directory, and one who was not there before takes their place. For an agency whose last
 * administrator's key is lost or stolen.
 */
export interface AdministratorsReplaced {
  readonly type: 'AdministratorsReplaced'
  readonly agency: AgencyId
  readonly administrator: PrincipalId
  readonly administratorKey: PublicKey
  readonly possession: Uint8Array
  readonly validToMs: number
}

/** By most of the root keys that are there before it, and as many as a root entry needs. */
export interface RootKeysChanged {
  readonly type: 'RootKeysChanged'
  readonly added: readonly ProvenKey[]
  readonly removed: readonly KeyId[]
  readonly rootSignaturesMin: number
}

export interface ProvenKey {
  readonly key: PublicKey
  readonly possession: Uint8Array
}

/** By an administrator of the agency: adds the principal, or replaces all that was said of it. */
export interface PrincipalSet {
  readonly type: 'PrincipalSet'
  readonly agency: AgencyId
  readonly principal: PrincipalId
  readonly kind: PrincipalKind
  readonly suspended: boolean
  readonly clearance: Classification
  readonly jurisdictions: readonly Jurisdiction[]
  readonly caveats: readonly AccessCaveat[]
  readonly roles: readonly { readonly realm: Realm; readonly role: AgencyRole }[]
}

export type PrincipalKind = 'PERSON' | 'SYSTEM'

/** The roles that an agency's own administrators give. */
export const AGENCY_ROLES = ['publisher', 'subscriber', 'auditor', 'administrator'] as const
export type AgencyRole = (typeof AGENCY_ROLES)[number]
/** `national-auditor` is granted by root keys. */
export type Role = AgencyRole | 'national-auditor'

/** By root keys. */
export interface NationalAuditorSet {
  readonly type: 'NationalAuditorSet'
  readonly agency: AgencyId
  readonly principal: PrincipalId
  readonly realm: Realm
  readonly granted: boolean
}

/** By an administrator of the agency; by root keys when `agency` is null: the hub's own keys. */
export interface KeyAdded {
  readonly type: 'KeyAdded'
  readonly agency: AgencyId | null
  /** The one principal that uses it; null for keys of the agency or the hub. */
  readonly principal: PrincipalId | null
  readonly usage: KeyUsage
  readonly key: PublicKey
  /** By `key`: nobody enters a key in his name that another holds. */
  readonly possession: Uint8Array
  readonly validFromMs: number
  readonly validToMs: number
}

/** Whose a key of each usage is. */
export const KEY_USAGES = {
  alert_signing: { owner: 'agency' },
  exercise_signing: { owner: 'agency' },
  authentication: { owner: 'principal' },
  directory_signing: { owner: 'principal' },
  token_signing: { owner: 'hub' },
} as const
export type KeyUsage = keyof typeof KEY_USAGES

/** By whoever may add it. `compromisedSinceMs`: what it signed from then on is not released. */
export interface KeyRevoked {
  readonly type: 'KeyRevoked'
  readonly keyId: KeyId
  readonly compromisedSinceMs: number | null
}

/** By root keys: the policy that every decision is made by. */
export interface PolicyActivated {
  readonly type: 'PolicyActivated'
  readonly digest: Uint8Array
}

/** By root keys: the access log's C2SP verifier key, which begins with the log's name. */
export interface LogNamed {
  readonly type: 'LogNamed'
  readonly verifierKey: string
}
