import { type GeneratedKey, generateKey } from '#adapters/crypto/private-key.ts'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { openSigner } from '#adapters/crypto/signer.ts'
import type { DemoAgency, DemoPrincipal } from '#clients/cli/demo-federation.ts'
import { type AgencyId, isAgencyId } from '#core/agency.ts'
import { type AuthoredEntry, authorEntry, CHAIN_START } from '#core/directory/author.ts'
import { AGENCY_ROLES, type DirectoryChange, type KeyUsage } from '#core/directory/entry.ts'
import { provePossession } from '#core/directory/possession.ts'
import { type PrincipalId, principalId } from '#core/principal.ts'
import { REALMS } from '#core/realm.ts'
import { formatVerifierKey, verifierKey } from '#core/tlog/verifier-key.ts'

export interface FoundingOptions {
  readonly federation: string
  readonly logName: string
  readonly agencies: readonly DemoAgency[]
  readonly policyDigest: Uint8Array
  readonly nowMs: number
  readonly keyYears: number
}

/** A new federation: its directory, and every private key once, to be given to its owner. */
export interface Founding {
  readonly genesisDigest: Uint8Array
  /** The signed entries in their order. */
  readonly entries: readonly Uint8Array[]
  readonly rootKey: GeneratedKey
  readonly tokenKey: GeneratedKey
  readonly logKey: GeneratedKey
  readonly agencies: ReadonlyMap<string, AgencyKeys>
}

export interface AgencyKeys {
  readonly administrator: GeneratedKey
  readonly alerts: GeneratedKey
  readonly exercise: GeneratedKey
  readonly principals: ReadonlyMap<string, GeneratedKey>
}

const YEAR_MS = 366 * 86_400_000

/** Makes all keys and signs all entries; writes nothing. */
export const foundFederation = async (options: FoundingOptions): Promise<Founding> => {
  const rootKey = generateKey('Ed25519')
  const tokenKey = generateKey('ES256')
  const logKey = generateKey('Ed25519')
  const chain = new Chain(options.nowMs)
  const genesis = await chain.add(rootKey, {
    type: 'Genesis',
    federation: options.federation,
    rootKeys: [rootKey.publicKey],
    rootSignaturesMin: 1,
  })
  await chain.add(rootKey, { type: 'PolicyActivated', digest: options.policyDigest })
  const logVerifier = verifierKey(sha256, options.logName, 'ed25519', logKey.publicKey.key)
  if (logVerifier === null) throw new RangeError(`${options.logName} cannot be a log's name`)
  await chain.add(rootKey, { type: 'LogNamed', verifierKey: formatVerifierKey(logVerifier) })
  await chain.add(rootKey, await keyAdded(options, tokenKey, 'token_signing', null))
  const agencies = new Map<string, AgencyKeys>()
  for (const agency of options.agencies) {
    agencies.set(agency.agency, await foundAgency(chain, rootKey, agency, options))
  }
  const { entries } = chain
  return { genesisDigest: genesis.digest, entries, rootKey, tokenKey, logKey, agencies }
}

/** Root keys add the agency; from there on its own administrator signs what is said of it. */
const foundAgency = async (
  chain: Chain,
  rootKey: GeneratedKey,
  demo: DemoAgency,
  options: FoundingOptions,
): Promise<AgencyKeys> => {
  const agency = checkedAgency(demo.agency)
  const administrator = generateKey('Ed25519')
  const post = checkedPrincipal(agency, ADMINISTRATOR)
  const owner = { agency, principal: null }
  const first = { agency, principal: post, usage: 'directory_signing' } as const
  await chain.add(rootKey, {
    type: 'AgencyAdded',
    agency,
    home: demo.home,
    ceiling: { classification: demo.ceiling, jurisdictions: demo.jurisdictions },
    administrator: post,
    administratorKey: administrator.publicKey,
    possession: await provePossession(openSigner(administrator.privatePem), first),
    validToMs: options.nowMs + options.keyYears * YEAR_MS,
  })
  const alerts = generateKey('Ed25519')
  const exercise = generateKey('Ed25519')
  await chain.add(administrator, await keyAdded(options, alerts, 'alert_signing', owner))
  await chain.add(administrator, await keyAdded(options, exercise, 'exercise_signing', owner))
  const principals = new Map<string, GeneratedKey>()
  const addLogin = async (name: string): Promise<void> => {
    const key = generateKey('ES256')
    const whose = { agency, principal: checkedPrincipal(agency, name) }
    await chain.add(administrator, await keyAdded(options, key, 'authentication', whose))
    principals.set(name, key)
  }
  await addLogin(ADMINISTRATOR)
  for (const one of demo.principals) {
    const principal = checkedPrincipal(agency, one.name)
    await chain.add(administrator, principalSet(demo, agency, one))
    await addLogin(one.name)
    if (one.roles.includes('national-auditor')) {
      for (const realm of REALMS) {
        const change = { type: 'NationalAuditorSet', agency, principal, realm } as const
        await chain.add(rootKey, { ...change, granted: true })
      }
    }
  }
  return { administrator, alerts, exercise, principals }
}

const principalSet = (
  demo: DemoAgency,
  agency: AgencyId,
  { name, kind, clearance, caveats, roles }: DemoPrincipal,
): DirectoryChange => ({
  type: 'PrincipalSet',
  agency,
  principal: checkedPrincipal(agency, name),
  kind,
  suspended: false,
  clearance,
  jurisdictions: demo.jurisdictions,
  caveats,
  roles: REALMS.flatMap((realm) =>
    AGENCY_ROLES.filter((role) => roles.includes(role)).map((role) => ({ realm, role })),
  ),
})

const keyAdded = async (
  { nowMs, keyYears }: FoundingOptions,
  key: GeneratedKey,
  usage: KeyUsage,
  owner: { readonly agency: AgencyId; readonly principal: PrincipalId | null } | null,
): Promise<DirectoryChange> => {
  const whose = { agency: owner?.agency ?? null, principal: owner?.principal ?? null, usage }
  return {
    type: 'KeyAdded',
    ...whose,
    key: key.publicKey,
    possession: await provePossession(openSigner(key.privatePem), whose),
    validFromMs: nowMs - CLOCK_SKEW_MS,
    validToMs: nowMs + keyYears * YEAR_MS,
  }
}

/** The post that signs what is said of an agency, with a key other than the one it calls with. */
export const ADMINISTRATOR = 'administrator'

/** A key is good from a little before it was made, for clocks that are behind. */
const CLOCK_SKEW_MS = 3_600_000

const checkedAgency = (text: string): AgencyId => {
  if (!isAgencyId(text)) throw new RangeError(`${text} cannot be an agency's name`)
  return text
}

const checkedPrincipal = (agency: AgencyId, name: string): PrincipalId => {
  const id = principalId(agency, name)
  if (id === null) throw new RangeError(`${name} cannot be a principal's name`)
  return id
}

class Chain {
  readonly entries: Uint8Array[] = []
  private readonly enteredAtMs: number
  private end = CHAIN_START

  constructor(enteredAtMs: number) {
    this.enteredAtMs = enteredAtMs
  }

  async add(key: GeneratedKey, change: DirectoryChange): Promise<AuthoredEntry> {
    const signers = [openSigner(key.privatePem)]
    const by = { signers, enteredAtMs: this.enteredAtMs, sha256 }
    const entry = await authorEntry(this.end, change, by)
    this.end = entry
    this.entries.push(entry.bytes)
    return entry
  }
}
