import { describe, expect, test } from 'vitest'
import { sha256 } from '#adapters/crypto/sha256.ts'
import type { AgencyId } from '#core/agency.ts'
import { faultOf } from '#core/directory/authority.ts'
import type { AgencyAdded, DirectoryChange, KeyAdded, PrincipalSet } from '#core/directory/entry.ts'
import { DirectoryState } from '#core/directory/state.ts'
import { type KeyId, keyIdOf, type PublicKey } from '#core/key.ts'
import type { PrincipalId } from '#core/principal.ts'
import { outSinceSequence } from '#core/signing.ts'

// What the signatures are worth, judge.ts asks before; here a key signs by being named.
const keyOf = (byte: number): PublicKey => ({
  algorithm: 'Ed25519',
  key: new Uint8Array(32).fill(byte),
})
const idOf = (byte: number): KeyId => keyIdOf(keyOf(byte), sha256)

const [ROOT_KEY, KP_ADMIN_KEY, SINDH_ADMIN_KEY] = [1, 2, 3]
const FOUNDED_AT_MS = Date.UTC(2026, 0, 1)
const YEAR_2100_MS = Date.UTC(2100, 0, 1)
const KP = 'ctd-kp' as AgencyId
const SINDH = 'ctd-sindh' as AgencyId

const agencyAdded = (agency: AgencyId, adminKey: number): AgencyAdded => ({
  type: 'AgencyAdded',
  agency,
  home: agency === SINDH ? 'PK-SD' : 'PK-KP',
  ceiling: { classification: 'SECRET', jurisdictions: ['PK-KP', 'PK-SD'] },
  administrator: `${agency}/administrator` as PrincipalId,
  administratorKey: keyOf(adminKey),
  possession: new Uint8Array(64),
  validToMs: Date.UTC(2031, 0, 1),
})

const alertKeyAdded = (agency: AgencyId | null, key: number): KeyAdded => ({
  type: 'KeyAdded',
  agency,
  principal: null,
  usage: 'alert_signing',
  key: keyOf(key),
  possession: new Uint8Array(64),
  validFromMs: FOUNDED_AT_MS,
  validToMs: Date.UTC(2031, 0, 1),
})

/** Applies a change if it is authorised, and says why it is not. */
class Chain {
  readonly state = new DirectoryState(sha256)

  enter(signer: number, change: DirectoryChange, enteredAtMs = FOUNDED_AT_MS) {
    const { sequence, digest } = this.state
    const entry = { sequence: sequence + 1, previousDigest: digest, enteredAtMs, change }
    const fault = faultOf(this.state, entry, [idOf(signer)], sha256)
    if (fault === null) this.state.apply(entry, new Uint8Array(32).fill(sequence + 2))
    return fault
  }
}

const founded = (): Chain => {
  const chain = new Chain()
  const genesis = { type: 'Genesis', federation: 'test', rootSignaturesMin: 1 } as const
  const faults = [
    chain.enter(ROOT_KEY, { ...genesis, rootKeys: [keyOf(ROOT_KEY)] }),
    chain.enter(ROOT_KEY, agencyAdded(KP, KP_ADMIN_KEY)),
    chain.enter(ROOT_KEY, agencyAdded(SINDH, SINDH_ADMIN_KEY)),
  ]
  expect(faults).toEqual([null, null, null])
  return chain
}

describe('the time that an entry claims', () => {
  test('cannot stop other agencies or the root, whatever an administrator claims', () => {
    const chain = founded()
    chain.enter(ROOT_KEY, {
      ...agencyAdded('fia' as AgencyId, 9),
      validToMs: YEAR_2100_MS,
    })
    const late = YEAR_2100_MS - 1
    expect(chain.enter(9, alertKeyAdded('fia' as AgencyId, 20), late)).toBeNull()
    expect(chain.enter(KP_ADMIN_KEY, alertKeyAdded(KP, 21), FOUNDED_AT_MS + 1)).toBeNull()
    const revoked = { type: 'KeyRevoked', keyId: idOf(21), compromisedSinceMs: null } as const
    expect(chain.enter(KP_ADMIN_KEY, revoked, FOUNDED_AT_MS + 2)).toBeNull()
    const standing = { type: 'AgencyStanding', agency: KP, suspended: true } as const
    expect(chain.enter(ROOT_KEY, standing, FOUNDED_AT_MS + 3)).toBeNull()
  })

  test('does not go back behind the agency’s own last entry, nor behind the root’s', () => {
    const chain = founded()
    expect(chain.enter(KP_ADMIN_KEY, alertKeyAdded(KP, 20), FOUNDED_AT_MS + 100)).toBeNull()
    expect(chain.enter(KP_ADMIN_KEY, alertKeyAdded(KP, 21), FOUNDED_AT_MS + 99)).toBe(
      'time-went-back',
    )
    expect(chain.enter(SINDH_ADMIN_KEY, alertKeyAdded(SINDH, 21), FOUNDED_AT_MS + 1)).toBeNull()
    const policy = { type: 'PolicyActivated', digest: new Uint8Array(32) } as const
    expect(chain.enter(ROOT_KEY, policy, FOUNDED_AT_MS + 50)).toBeNull()
    expect(chain.enter(SINDH_ADMIN_KEY, alertKeyAdded(SINDH, 22), FOUNDED_AT_MS + 49)).toBe(
      'time-went-back',
    )
    expect(chain.enter(ROOT_KEY, policy, FOUNDED_AT_MS + 49)).toBe('time-went-back')
  })
})

describe('an agency', () => {
  test('that is called root is administered by its own, and not by the root keys', () => {
    const chain = founded()
    const root = 'root' as AgencyId
    expect(chain.enter(ROOT_KEY, agencyAdded(root, 9))).toBeNull()
    expect(chain.enter(ROOT_KEY, alertKeyAdded(root, 20))).toBe('not-authorised')
    expect(chain.enter(9, alertKeyAdded(root, 20))).toBeNull()
  })

  test('is out since it was first suspended, however often that is said', () => {
    const chain = founded()
    const standing = { type: 'AgencyStanding', agency: KP, suspended: true } as const
    expect(chain.enter(ROOT_KEY, { ...standing, suspended: false })).toBe('already-there')
    expect(chain.enter(ROOT_KEY, standing)).toBeNull()
    const since = chain.state.sequence
    expect(chain.enter(ROOT_KEY, { type: 'LogNamed', verifierKey: '' })).toBe('bad-value')
    expect(chain.enter(ROOT_KEY, standing)).toBe('already-there')
    const envelope = { payloadType: '', payload: new Uint8Array(0), signatures: [] }
    expect(outSinceSequence(chain.state, envelope, KP)).toBe(since)
  })

  test('is not added with what nobody could use', () => {
    const chain = founded()
    const added = agencyAdded('fia' as AgencyId, 9)
    const elsewhere = { ...added.ceiling, jurisdictions: ['PK-SD'] as const }
    expect(chain.enter(ROOT_KEY, { ...added, ceiling: elsewhere })).toBe('bad-value')
    expect(chain.enter(ROOT_KEY, { ...added, validToMs: FOUNDED_AT_MS })).toBe('bad-value')
    const other = 'fia-punjab/administrator' as PrincipalId
    expect(chain.enter(ROOT_KEY, { ...added, administrator: other })).toBe('bad-value')
    expect(chain.enter(ROOT_KEY, added)).toBeNull()
  })
})

describe('what is said of a principal', () => {
  const set: PrincipalSet = {
    type: 'PrincipalSet',
    agency: KP,
    principal: 'ctd-kp/analyst' as PrincipalId,
    kind: 'PERSON',
    suspended: false,
    clearance: 'SECRET',
    jurisdictions: ['PK-KP', 'PK-SD'],
    caveats: ['JUVENILE'],
    roles: [
      { realm: 'live', role: 'subscriber' },
      { realm: 'exercise', role: 'subscriber' },
    ],
  }

  test.each([
    ['jurisdictions', { jurisdictions: Array(9_000).fill('PK-KP') }],
    ['caveats', { caveats: Array(9_000).fill('JUVENILE') }],
    ['roles', { roles: Array(9_000).fill({ realm: 'live', role: 'subscriber' }) }],
  ])('says each of its %s once: each decision looks at them all', (_which, changes) => {
    const chain = founded()
    expect(chain.enter(KP_ADMIN_KEY, { ...set, ...changes })).toBe('bad-value')
    expect(chain.enter(KP_ADMIN_KEY, set)).toBeNull()
  })
})

test('a key of the hub is nobody else’s', () => {
  const chain = founded()
  const key: KeyAdded = {
    ...alertKeyAdded(null, 20),
    usage: 'token_signing',
    key: { algorithm: 'ES256', key: new Uint8Array(64).fill(20) },
  }
  const principal = 'ctd-kp/administrator' as PrincipalId
  expect(chain.enter(ROOT_KEY, { ...key, principal })).toBe('bad-value')
  expect(chain.enter(ROOT_KEY, key)).toBeNull()
})
