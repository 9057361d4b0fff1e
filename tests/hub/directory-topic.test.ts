import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { generateKey } from '#adapters/crypto/private-key.ts'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { openSigner } from '#adapters/crypto/signer.ts'
import { verifySignature } from '#adapters/crypto/verify.ts'
import { encodeSingleObject } from '#core/avro/single-object.ts'
import { concatBytes } from '#core/bytes.ts'
import { signedAlertCodec } from '#core/codecs.ts'
import { authorEntry, CHAIN_START } from '#core/directory/author.ts'
import type { DirectoryFault } from '#core/directory/authority.ts'
import type { DirectoryChange, PrincipalSet } from '#core/directory/entry.ts'
import { judgeEntry } from '#core/directory/judge.ts'
import { provePossession } from '#core/directory/possession.ts'
import { DirectoryState } from '#core/directory/state.ts'
import {
  ALERT_PAYLOAD_TYPE,
  DIRECTORY_PAYLOAD_TYPE,
  envelopeFrom,
  signEnvelope,
} from '#core/envelope.ts'
import { LIMITS } from '#core/limits.ts'
import type { Signer } from '#core/ports/signer.ts'
import { isPrincipalId, type PrincipalId } from '#core/principal.ts'
import { DIRECTORY_TOPIC } from '#core/topics.ts'
import { enter } from '#tests/directory-entries.ts'
import { agencyId } from '#tests/sample-alert.ts'
import { makeTemporaryHome, type TemporaryHome } from '#tests/temporary-home.ts'
import { openTestHub, type TestHub } from '#tests/test-hub.ts'

/** What somebody with the broker's disk, and keys that he should not have, writes into the topic. */
const KP = agencyId('ctd-kp')
const GB = agencyId('ctd-gb')
let hub: TestHub
let theirs: TemporaryHome
let second: Signer

beforeAll(async () => {
  hub = await openTestHub()
  theirs = await makeTemporaryHome()
  second = await secondAdministrator()
})
beforeEach(() => {
  hub.alarms.length = 0
})
afterAll(async () => {
  await hub.close()
  hub.home.remove()
  theirs.remove()
})

const principal = (text: string): PrincipalId => {
  if (!isPrincipalId(text)) throw new RangeError(text)
  return text
}
const parts = () => hub.hub.parts
const state = () => parts().directory.state
const administrator = () => hub.home.administratorSigner('ctd-kp')

const officer = (changes: Partial<PrincipalSet> = {}): PrincipalSet => ({
  type: 'PrincipalSet',
  agency: KP,
  principal: principal('ctd-kp/newcomer'),
  kind: 'PERSON',
  suspended: false,
  clearance: 'RESTRICTED',
  jurisdictions: ['PK-KP'],
  caveats: [],
  roles: [{ realm: 'live', role: 'subscriber' }],
  ...changes,
})
const SECOND: PrincipalSet = officer({
  principal: principal('ctd-kp/second-administrator'),
  roles: [{ realm: 'live', role: 'administrator' }],
})

const directoryKey = async (signer: Signer, validToMs: number): Promise<DirectoryChange> => {
  const owner = { agency: KP, principal: SECOND.principal, usage: 'directory_signing' } as const
  const possession = await provePossession(signer, owner)
  const validFromMs = Date.now() - 60_000
  return { type: 'KeyAdded', ...owner, key: signer.publicKey, possession, validFromMs, validToMs }
}

const newSigner = (): Signer => openSigner(generateKey('Ed25519').privatePem)

const secondAdministrator = async (): Promise<Signer> => {
  const signer = newSigner()
  await enter(hub, administrator(), SECOND)
  await enter(hub, administrator(), await directoryKey(signer, Date.now() + 86_400_000))
  return signer
}

const next = async (
  change: DirectoryChange,
  { by = administrator(), enteredAtMs = Date.now(), end = state() as typeof CHAIN_START } = {},
): Promise<Uint8Array> =>
  (await authorEntry(end, change, { signers: [by], enteredAtMs, sha256 })).bytes

const opened = (bytes: Uint8Array) => {
  const read = envelopeFrom(bytes, DIRECTORY_PAYLOAD_TYPE)
  if (!read.ok) throw new Error('no entry')
  return read.value
}

const append = async (...entries: readonly Uint8Array[]): Promise<readonly number[]> => {
  const offsets = await parts().log.append(DIRECTORY_TOPIC, entries)
  await parts().directory.catchUp()
  return offsets
}

/** With the authority that it had once, and has no more. */
const asFormer = async (change: DirectoryChange, back?: DirectoryChange): Promise<Uint8Array> => {
  await enter(hub, administrator(), change)
  const bytes = await next(officer(), { by: second })
  if (back !== undefined) {
    await enter(hub, administrator(), back)
    return next(officer(), { by: second })
  }
  return bytes
}

const HOSTILE: readonly (readonly [string, DirectoryFault, () => Promise<Uint8Array>])[] = [
  ['noise', 'malformed', async () => Uint8Array.of(0xc3, 1, 2, 3)],
  ['an entry cut short', 'malformed', async () => (await next(officer())).subarray(0, -1)],
  [
    'an entry with a byte behind it',
    'malformed',
    async () => concatBytes(await next(officer()), Uint8Array.of(0)),
  ],
  [
    'an entry that is too long',
    'malformed',
    () => {
      const verifierKey = 'x'.repeat(LIMITS.directoryEntryBytesMax)
      return next({ type: 'LogNamed', verifierKey }, { by: hub.home.rootSigner })
    },
  ],
  [
    'an entry in the envelope of an alert',
    'malformed',
    async () => {
      const { payload } = opened(await next(officer()))
      return signEnvelope(ALERT_PAYLOAD_TYPE, payload, [administrator()])
    },
  ],
  [
    'an entry of another schema',
    'malformed',
    async () => {
      const payload = opened(await next(officer())).payload.slice()
      payload[2] = 0
      return signEnvelope(DIRECTORY_PAYLOAD_TYPE, payload, [administrator()])
    },
  ],
  ['another federation’s genesis', 'not-pinned', async () => theirEntry(0)],
  ['another federation’s entry', 'unknown-signer', async () => theirEntry(5)],
  ['our genesis again', 'wrong-sequence', async () => hub.home.founding.entries[0] ?? NOTHING],
  ['an entry of ours again', 'wrong-sequence', async () => hub.home.founding.entries[9] ?? NOTHING],
  [
    'an entry of ours in a new place, under its old signature',
    'bad-signature',
    async () => {
      const { signatures } = opened(await next(officer(), { end: CHAIN_START }))
      const { payload } = opened(await next(officer()))
      const payloadType = DIRECTORY_PAYLOAD_TYPE
      return encodeSingleObject(signedAlertCodec, { payloadType, payload, signatures })
    },
  ],
  [
    'an entry that leaves one out',
    'wrong-sequence',
    () => next(officer(), { end: { ...state(), sequence: state().sequence + 1 } }),
  ],
  [
    'an entry behind another',
    'wrong-predecessor',
    () => next(officer(), { end: { sequence: state().sequence, digest: new Uint8Array(32) } }),
  ],
  ['an entry from before', 'time-went-back', () => next(officer(), { enteredAtMs: 1 })],
  ['an entry of the root keys in a province’s name', 'not-authorised', byRoot],
  [
    'an entry of another agency’s administrator',
    'not-authorised',
    () => next(officer(), { by: hub.home.administratorSigner('ctd-punjab') }),
  ],
  [
    'an entry by the agency’s key for alerts',
    'not-authorised',
    () => next(officer(), { by: hub.home.alertSigner('ctd-kp') }),
  ],
  [
    'an entry beyond the ceiling',
    'beyond-ceiling',
    () => next(officer({ clearance: 'TOP_SECRET' })),
  ],
  [
    'a key that another holds',
    'no-possession',
    async () => {
      const change = await directoryKey(newSigner(), Date.now() + 86_400_000)
      return next({ ...change, key: newSigner().publicKey } as DirectoryChange)
    },
  ],
  [
    'administrators replaced while their agency stands',
    'not-suspended',
    async () => {
      const by = newSigner()
      const post = { agency: GB, principal: principal('ctd-gb/administrator-2') }
      const possession = await provePossession(by, { ...post, usage: 'directory_signing' })
      const change: DirectoryChange = {
        type: 'AdministratorsReplaced',
        agency: GB,
        administrator: post.principal,
        administratorKey: by.publicKey,
        possession,
        validToMs: Date.now() + 86_400_000,
      }
      return next(change, { by: hub.home.rootSigner })
    },
  ],
  [
    'an entry of an administrator who is suspended',
    'not-authorised',
    () => asFormer({ ...SECOND, suspended: true }),
  ],
  [
    'an entry of an administrator who is none any more',
    'not-authorised',
    () => asFormer({ ...SECOND, roles: [] }),
  ],
  [
    'an entry by a key that ran out',
    'not-authorised',
    async () => {
      const short = newSigner()
      const validToMs = Date.now() + 200
      await enter(hub, administrator(), await directoryKey(short, validToMs))
      return next(officer(), { by: short, enteredAtMs: validToMs })
    },
  ],
  [
    'an entry by a key that was revoked',
    'not-authorised',
    () => asFormer({ type: 'KeyRevoked', keyId: second.keyId, compromisedSinceMs: null }, SECOND),
  ],
  [
    'an entry by a key that was compromised, from before it was',
    'not-authorised',
    () =>
      asFormer(
        { type: 'KeyRevoked', keyId: second.keyId, compromisedSinceMs: Date.now() + 60_000 },
        SECOND,
      ),
  ],
  [
    'an entry of a suspended agency’s administrator',
    'not-authorised',
    async () => {
      await standing(true)
      return next(officer({ agency: GB, principal: principal('ctd-gb/x') }), {
        by: hub.home.administratorSigner('ctd-gb'),
      })
    },
  ],
]

const NOTHING = new Uint8Array(0)
const theirEntry = (at: number): Uint8Array => theirs.founding.entries[at] ?? NOTHING

function byRoot(): Promise<Uint8Array> {
  return next(officer(), { by: hub.home.rootSigner })
}

const standing = (suspended: boolean): Promise<void> =>
  enter(hub, hub.home.rootSigner, { type: 'AgencyStanding', agency: GB, suspended })

test.each(HOSTILE)('%s changes nothing and raises an alarm: %s', async (_what, why, author) => {
  const bytes = await author()
  const { digest, sequence } = state()
  const [offset] = await append(bytes)
  expect([state().digest, state().sequence]).toEqual([digest, sequence])
  const what = 'directory-entry-ignored'
  expect(hub.alarms).toEqual([{ what, topic: DIRECTORY_TOPIC, offset, why }])
})

test('of two that are good in one place the first counts, for everybody', async () => {
  const one = await next(officer({ clearance: 'UNCLASSIFIED' }))
  const other = await next(officer({ clearance: 'SECRET' }))
  await append(one, other)
  expect(state().principals.get(officer().principal)?.clearance).toBe('UNCLASSIFIED')
  expect(hub.alarms.map(({ why }) => why)).toEqual(['wrong-sequence'])
})

test('an entry that claims another time than it comes counts, and raises an alarm', async () => {
  const enteredAtMs = Date.now() + LIMITS.enteredAtSkewMsMax + 60_000
  const { sequence } = state()
  const punjab = hub.home.administratorSigner('ctd-punjab')
  const change = officer({
    agency: agencyId('ctd-punjab'),
    principal: principal('ctd-punjab/newcomer'),
    jurisdictions: ['PK-PB'],
  })
  const [offset] = await append(await next(change, { by: punjab, enteredAtMs }))
  expect(state().sequence).toBe(sequence + 1)
  const why = `entry ${sequence + 1}`
  const what = 'directory-entry-late'
  expect(hub.alarms).toEqual([{ what, topic: DIRECTORY_TOPIC, offset, why }])
})

test('a suspended agency takes back a key, and after that nothing else', async () => {
  if (state().agencies.get(GB)?.standings.at(-1)?.suspended !== true) await standing(true)
  const by = hub.home.administratorSigner('ctd-gb')
  const { keyId } = hub.home.alertSigner('ctd-gb')
  await append(await next({ type: 'KeyRevoked', keyId, compromisedSinceMs: 1 }, { by }))
  expect(state().keys.get(keyId)?.revoked?.compromisedSinceMs).toBe(1)
  expect(hub.alarms).toEqual([])
})

test('whoever reads the whole topic from the pinned genesis comes to the same directory', async () => {
  const own = new DirectoryState(sha256)
  const head = await parts().log.head(DIRECTORY_TOPIC)
  for (let at = 0; at < head; at += 1) {
    const [entry] = await parts().log.read(DIRECTORY_TOPIC, at, 1)
    const { genesisDigest } = hub.home.founding
    const deps = { sha256, verify: verifySignature, genesisDigest }
    const judged = await judgeEntry(own, entry?.value ?? NOTHING, deps)
    if (judged.ok) own.apply(judged.entry, judged.digest)
  }
  expect(own.digest).toEqual(state().digest)
})
