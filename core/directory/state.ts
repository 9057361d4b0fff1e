import type { AgencyId } from '#core/agency.ts'
import type { AccessCaveat } from '#core/caveat.ts'
import type { Classification } from '#core/classification.ts'
import { type Authority, authorityOver, ROOT } from '#core/directory/authority-over.ts'
import type {
  AdministratorsReplaced,
  AgencyAdded,
  Ceiling,
  DirectoryChange,
  DirectoryEntry,
  Genesis,
  KeyAdded,
  KeyRevoked,
  KeyUsage,
  NationalAuditorSet,
  PrincipalKind,
  PrincipalSet,
  Role,
  RootKeysChanged,
} from '#core/directory/entry.ts'
import type { Sha256 } from '#core/hash.ts'
import type { Jurisdiction } from '#core/jurisdiction.ts'
import { type KeyId, keyIdOf, type PublicKey } from '#core/key.ts'
import type { PrincipalId } from '#core/principal.ts'
import type { Realm } from '#core/realm.ts'

export interface Agency {
  readonly id: AgencyId
  readonly home: Jurisdiction
  readonly ceiling: Ceiling
  /** Ascending by sequence; the last says how it stands now. */
  readonly standings: readonly Standing[]
}

interface Standing {
  readonly fromSequence: number
  readonly enteredAtMs: number
  readonly suspended: boolean
}

export interface Principal {
  readonly id: PrincipalId
  readonly agency: AgencyId
  readonly kind: PrincipalKind
  readonly suspended: boolean
  readonly clearance: Classification
  readonly jurisdictions: readonly Jurisdiction[]
  readonly caveats: readonly AccessCaveat[]
  readonly roles: readonly { readonly realm: Realm; readonly role: Role }[]
}

/** All that a decision looks at about a caller, in one realm, now. */
export interface PrincipalStanding {
  readonly id: PrincipalId
  readonly agency: AgencyId
  readonly kind: PrincipalKind
  /** The principal and its agency. */
  readonly active: boolean
  readonly clearance: Classification
  readonly agencyCeiling: Classification
  readonly jurisdictions: readonly Jurisdiction[]
  readonly caveats: readonly AccessCaveat[]
  readonly roles: readonly Role[]
}

export interface DirectoryKey {
  readonly id: KeyId
  readonly key: PublicKey
  /** Null for the hub's own keys. */
  readonly agency: AgencyId | null
  readonly principal: PrincipalId | null
  readonly usage: KeyUsage
  readonly validFromMs: number
  readonly validToMs: number
  readonly addedAtSequence: number
  readonly revoked: {
    readonly atSequence: number
    readonly enteredAtMs: number
    readonly compromisedSinceMs: number | null
  } | null
}

/**
 * Who is who, as the entries up to `sequence` say. Applies entries that were found authorised
 * (`core/directory/authority.ts`); keeps what is needed to judge a key as of an earlier sequence.
 */
export class DirectoryState {
  /** Of the last entry applied; −1 before the genesis entry. */
  sequence = -1
  digest: Uint8Array = new Uint8Array(32)
  genesis: Genesis | null = null
  policyDigest: Uint8Array | null = null
  logVerifierKey: string | null = null
  /** Those that the log was signed with before, the oldest first. */
  readonly formerLogKeys: string[] = []
  readonly agencies = new Map<AgencyId, Agency>()
  readonly principals = new Map<PrincipalId, Principal>()
  readonly keys = new Map<KeyId, DirectoryKey>()
  readonly rootKeys = new Map<KeyId, PublicKey>()
  /** Root keys that were replaced: they sign nothing more, and are never entered again. */
  readonly formerRootKeys = new Map<KeyId, PublicKey>()
  rootSignaturesMin = 0
  private readonly lastEnteredAtMs = new Map<Authority, number>()
  private readonly sha256: Sha256

  constructor(sha256: Sha256) {
    this.sha256 = sha256
  }

  apply(entry: DirectoryEntry, digest: Uint8Array): void {
    const authority = authorityOver(this, entry.change)
    if (authority !== null) this.lastEnteredAtMs.set(authority, entry.enteredAtMs)
    this.sequence = entry.sequence
    this.digest = digest
    this.applyChange(entry.change, entry)
  }

  /** How the principal stands in `realm` now; null when unknown. */
  standingOf(id: PrincipalId, realm: Realm): PrincipalStanding | null {
    const principal = this.principals.get(id)
    const agency = principal && this.agencies.get(principal.agency)
    if (!principal || !agency) return null
    return {
      id,
      agency: agency.id,
      kind: principal.kind,
      active: !principal.suspended && !isSuspended(agency),
      clearance: principal.clearance,
      agencyCeiling: agency.ceiling.classification,
      jurisdictions: principal.jurisdictions,
      caveats: principal.caveats,
      roles: principal.roles.filter((one) => one.realm === realm).map((one) => one.role),
    }
  }

  /**
   * The earliest time that an entry of `authority` may claim: that of its own last entry and of the
   * root's. Other agencies' entries do not count: one administrator who claims the year 2100 would
   * otherwise make every later entry impossible, and with them every revocation.
   */
  notBeforeMs(authority: Authority): number {
    const ofRoot = this.lastEnteredAtMs.get(ROOT) ?? 0
    return Math.max(ofRoot, this.lastEnteredAtMs.get(authority) ?? 0)
  }

  private applyChange(change: DirectoryChange, entry: DirectoryEntry): void {
    switch (change.type) {
      case 'Genesis':
        this.genesis = change
        this.rootSignaturesMin = change.rootSignaturesMin
        for (const key of change.rootKeys) this.addRootKey(key)
        break
      case 'AgencyAdded':
        this.addAgency(change, entry)
        break
      case 'AgencyStanding':
        this.setStanding(change.agency, change.suspended, entry)
        break
      case 'AdministratorsReplaced':
        this.replaceAdministrators(change, entry)
        break
      case 'RootKeysChanged':
        this.changeRootKeys(change)
        break
      case 'PrincipalSet':
        this.setPrincipal(change)
        break
      case 'NationalAuditorSet':
        this.setNationalAuditor(change)
        break
      case 'KeyAdded':
        this.addKey(change, entry)
        break
      case 'KeyRevoked':
        this.revokeKey(change, entry)
        break
      case 'PolicyActivated':
        this.policyDigest = change.digest
        break
      case 'LogNamed':
        if (this.logVerifierKey !== null) this.formerLogKeys.push(this.logVerifierKey)
        this.logVerifierKey = change.verifierKey
    }
  }

  private addRootKey(key: PublicKey): void {
    this.rootKeys.set(keyIdOf(key, this.sha256), key)
  }

  private changeRootKeys({ added, removed, rootSignaturesMin }: RootKeysChanged): void {
    for (const id of removed) {
      const key = this.rootKeys.get(id)
      if (key) this.formerRootKeys.set(id, key)
      this.rootKeys.delete(id)
    }
    for (const { key } of added) this.addRootKey(key)
    this.rootSignaturesMin = rootSignaturesMin
  }

  private addAgency(change: AgencyAdded, entry: DirectoryEntry): void {
    const { agency: id, home, ceiling } = change
    const { sequence: fromSequence, enteredAtMs } = entry
    const standings = [{ fromSequence, enteredAtMs, suspended: false }]
    this.agencies.set(id, { id, home, ceiling, standings })
    this.addFirstAdministrator(change, home, entry)
  }

  private replaceAdministrators(change: AdministratorsReplaced, entry: DirectoryEntry): void {
    const { agency: id } = change
    for (const { usage, agency, revoked, id: keyId } of this.keys.values()) {
      const isOut = usage === 'directory_signing' && agency === id && revoked === null
      if (isOut) this.revokeKey({ type: 'KeyRevoked', keyId, compromisedSinceMs: null }, entry)
    }
    for (const one of this.principals.values()) {
      if (one.agency !== id) continue
      const roles = one.roles.filter(({ role }) => role !== 'administrator')
      this.principals.set(one.id, { ...one, roles })
    }
    const home = this.agencies.get(id)?.home
    if (home !== undefined) this.addFirstAdministrator(change, home, entry)
  }

  /** One who may administer and, until that is used, nothing else. */
  private addFirstAdministrator(
    change: AgencyAdded | AdministratorsReplaced,
    home: Jurisdiction,
    entry: DirectoryEntry,
  ): void {
    const { agency, administrator: id, administratorKey, possession, validToMs } = change
    this.principals.set(id, {
      id,
      agency,
      kind: 'PERSON',
      suspended: false,
      clearance: 'UNCLASSIFIED',
      jurisdictions: [home],
      caveats: [],
      roles: [{ realm: 'live', role: 'administrator' }],
    })
    const key: KeyAdded = {
      type: 'KeyAdded',
      agency,
      principal: id,
      usage: 'directory_signing',
      key: administratorKey,
      possession,
      validFromMs: 0,
      validToMs,
    }
    this.addKey(key, entry)
  }

  private setStanding(id: AgencyId, suspended: boolean, entry: DirectoryEntry): void {
    const agency = this.agencies.get(id)
    if (!agency) return
    const standing = { fromSequence: entry.sequence, enteredAtMs: entry.enteredAtMs, suspended }
    this.agencies.set(id, { ...agency, standings: [...agency.standings, standing] })
  }

  private setPrincipal(change: PrincipalSet): void {
    const { type: _, principal: id, ...rest } = change
    const granted = this.principals.get(id)?.roles.filter((one) => one.role === 'national-auditor')
    this.principals.set(id, { id, ...rest, roles: [...rest.roles, ...(granted ?? [])] })
  }

  private setNationalAuditor({ principal: id, realm, granted }: NationalAuditorSet): void {
    const principal = this.principals.get(id)
    if (!principal) return
    const role = 'national-auditor'
    const others = principal.roles.filter((one) => one.role !== role || one.realm !== realm)
    const roles = granted ? [...others, { realm, role } as const] : others
    this.principals.set(id, { ...principal, roles })
  }

  private addKey(change: KeyAdded, entry: DirectoryEntry): void {
    const { type: _, possession: _proof, ...rest } = change
    const id = keyIdOf(change.key, this.sha256)
    this.keys.set(id, { id, ...rest, addedAtSequence: entry.sequence, revoked: null })
  }

  private revokeKey({ keyId, compromisedSinceMs }: KeyRevoked, entry: DirectoryEntry): void {
    const key = this.keys.get(keyId)
    if (!key) return
    // A later entry may say that the key was compromised earlier, never later or not at all.
    const before = key.revoked
    this.keys.set(keyId, {
      ...key,
      revoked: {
        atSequence: before?.atSequence ?? entry.sequence,
        enteredAtMs: before?.enteredAtMs ?? entry.enteredAtMs,
        compromisedSinceMs: earlier(before?.compromisedSinceMs ?? null, compromisedSinceMs),
      },
    })
  }
}

export const isSuspended = (agency: Agency): boolean => agency.standings.at(-1)?.suspended ?? true

export const wasSuspendedAt = (agency: Agency, sequence: number): boolean =>
  agency.standings.findLast((standing) => standing.fromSequence <= sequence)?.suspended ?? true

const earlier = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.min(a, b)
