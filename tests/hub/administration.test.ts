import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { generateKey } from '#adapters/crypto/private-key.ts'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { openSigner } from '#adapters/crypto/signer.ts'
import { enterChange } from '#clients/sdk/enter-change.ts'
import type { AgencyId } from '#core/agency.ts'
import { hex } from '#core/bytes.ts'
import { type AuthoredEntry, authorEntry } from '#core/directory/author.ts'
import type { DirectoryChange, PrincipalSet } from '#core/directory/entry.ts'
import { provePossession } from '#core/directory/possession.ts'
import { SIGNED_ALERT_TYPE, SIGNED_DIRECTORY_ENTRY_TYPE } from '#core/envelope.ts'
import type { Signer } from '#core/ports/signer.ts'
import { isPrincipalId, type PrincipalId } from '#core/principal.ts'
import type { Realm } from '#core/realm.ts'
import { DIRECTORY_TOPIC } from '#core/topics.ts'
import { agencyId } from '#tests/sample-alert.ts'
import { sessionAt } from '#tests/sdk-session.ts'
import { type Answer, openTestHub, type TestHub } from '#tests/test-hub.ts'

const ADMINISTRATOR = 'ctd-kp/administrator'
let hub: TestHub

beforeEach(async () => {
  hub = await openTestHub()
})
afterEach(async () => {
  await hub.close()
  hub.home.remove()
})

const principal = (text: string): PrincipalId => {
  if (!isPrincipalId(text)) throw new RangeError(text)
  return text
}

const newcomer = (changes: Partial<PrincipalSet> = {}): PrincipalSet => ({
  type: 'PrincipalSet',
  agency: agencyId('ctd-kp'),
  principal: principal('ctd-kp/newcomer'),
  kind: 'PERSON',
  suspended: false,
  clearance: 'RESTRICTED',
  jurisdictions: ['PK-KP'],
  caveats: [],
  roles: [{ realm: 'live', role: 'subscriber' }],
  ...changes,
})

const suspension = (agency: string, suspended = true): DirectoryChange => ({
  type: 'AgencyStanding',
  agency: agencyId(agency),
  suspended,
})

/** A new key for tokens, with its owner and its proof. */
const provenKey = async (owner: {
  readonly agency: AgencyId
  readonly principal: PrincipalId
  readonly usage: 'authentication'
}) => {
  const signer = openSigner(generateKey('ES256').privatePem)
  const possession = await provePossession(signer, owner)
  return { ...owner, key: signer.publicKey, possession }
}

interface Authoring {
  readonly signers?: readonly Signer[]
  readonly enteredAtMs?: number
  readonly ahead?: number
  readonly previousDigest?: Uint8Array
}

/** An entry as whoever holds the signers could make it; the agency's administrator without any. */
const entry = (change: DirectoryChange, how: Authoring = {}): Promise<AuthoredEntry> => {
  const { sequence, digest } = hub.hub.parts.directory.state
  const end = { sequence: sequence + (how.ahead ?? 0), digest: how.previousDigest ?? digest }
  const signers = how.signers ?? [hub.home.administratorSigner('ctd-kp')]
  return authorEntry(end, change, { signers, enteredAtMs: how.enteredAtMs ?? Date.now(), sha256 })
}

const post = async (
  bytes: Uint8Array,
  carrier: string,
  { type = SIGNED_DIRECTORY_ENTRY_TYPE, realm = 'live' as Realm } = {},
): Promise<Answer> => {
  const authorization = `Bearer ${await hub.token(carrier, realm)}`
  return hub.request('/v1/directory/entries', {
    method: 'POST',
    body: Buffer.from(bytes),
    headers: { authorization, 'content-type': type },
  })
}

const lastRecord = async () => (await hub.records()).at(-1)
const topicLength = () => hub.hub.parts.log.head(DIRECTORY_TOPIC)
const ourState = () => hub.hub.parts.directory.state

describe('an entry that is handed in over HTTP', () => {
  test('is in the directory when the answer comes, and on record', async () => {
    const offset = await topicLength()
    const { bytes, sequence, digest } = await entry(newcomer())
    const answer = await post(bytes, ADMINISTRATOR)
    expect([answer.status, answer.json]).toEqual([201, { sequence, digest: hex(digest), offset }])
    expect(ourState().principals.get(principal('ctd-kp/newcomer'))?.clearance).toBe('RESTRICTED')
    expect(await lastRecord()).toMatchObject({
      action: 'DIRECTORY',
      outcome: 'ALLOWED',
      principal: ADMINISTRATOR,
      // The entry is the one behind the head that the record names.
      directory: { sequence: sequence - 1 },
    })
    expect(hub.alarms).toEqual([])
  })

  test('is there once when it is sent again, and gets the first answer', async () => {
    const { bytes } = await entry(newcomer())
    const first = await post(bytes, ADMINISTRATOR)
    const length = await topicLength()
    const again = await post(bytes, ADMINISTRATOR)
    expect([again.status, again.json]).toEqual([200, first.json])
    expect(await topicLength()).toBe(length)
  })

  test('is there after a restart', async () => {
    await post((await entry(newcomer())).bytes, ADMINISTRATOR)
    await post(
      (await entry(suspension('ctd-gb'), { signers: [hub.home.rootSigner] })).bytes,
      'nacta/liaison',
    )
    const before = structuredClone(ourState().digest)
    await hub.close()
    await hub.open()
    expect(ourState().digest).toEqual(before)
    expect(ourState().standingOf(principal('ctd-gb/analyst'), 'live')?.active).toBe(false)
    expect(ourState().principals.has(principal('ctd-kp/newcomer'))).toBe(true)
  })

  test('of root keys may be carried by any active principal, a suspension and its end', async () => {
    const signers = [hub.home.rootSigner]
    const suspended = await entry(suspension('ctd-gb'), { signers })
    expect((await post(suspended.bytes, 'nacta/liaison')).status).toBe(201)
    expect(ourState().standingOf(principal('ctd-gb/analyst'), 'live')?.active).toBe(false)
    const resumed = await entry(suspension('ctd-gb', false), { signers })
    expect((await post(resumed.bytes, 'ctd-kp/analyst')).status).toBe(201)
    expect(ourState().standingOf(principal('ctd-gb/analyst'), 'live')?.active).toBe(true)
  })

  test('by a second entry loses its place: 409, and no alarm', async () => {
    const [one, other] = await Promise.all([
      entry(newcomer()),
      entry(newcomer({ clearance: 'SECRET' })),
    ])
    const answers = await Promise.all([
      post(one.bytes, ADMINISTRATOR),
      post(other.bytes, ADMINISTRATOR),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409])
    expect(answers.find(({ status }) => status === 409)?.json['code']).toBe('directory-moved')
    expect(hub.alarms).toEqual([])
  })
})

describe('administrators who enter at once', () => {
  test('are each told when they came second, sign again, and all is there', async () => {
    const names = ['one', 'two', 'three', 'four']
    const enterAll = names.map((name) => {
      const change = newcomer({ principal: principal(`ctd-kp/${name}`) })
      const signers = [hub.home.administratorSigner('ctd-kp')]
      return enterChange(sessionAt(hub, ADMINISTRATOR), () => change, signers)
    })
    const sequences = (await Promise.all(enterAll)).map(({ sequence }) => sequence)
    expect(new Set(sequences).size).toBe(names.length)
    for (const name of names) {
      expect(ourState().principals.has(principal(`ctd-kp/${name}`))).toBe(true)
    }
    const denied = (await hub.records()).filter(({ outcome }) => outcome === 'DENIED')
    expect(denied.length).toBeGreaterThan(0)
    expect(new Set(denied.flatMap(({ reasons }) => reasons))).toEqual(new Set(['directory-moved']))
    expect(hub.alarms).toEqual([])
  })
})

describe('an entry that has no authority changes nothing and raises an alarm', () => {
  const stranger = openSigner(generateKey('Ed25519').privatePem)
  const climber = newcomer({ clearance: 'TOP_SECRET' })
  const cases: readonly (readonly [string, string, () => Promise<AuthoredEntry>])[] = [
    [
      'signed by another agency’s administrator',
      'not-authorised',
      () => entry(newcomer(), { signers: [hub.home.administratorSigner('ctd-punjab')] }),
    ],
    [
      'signed by root keys in a province’s name',
      'not-authorised',
      () => entry(newcomer(), { signers: [hub.home.rootSigner] }),
    ],
    [
      'of an agency’s standing, signed by its administrator',
      'not-authorised',
      () => entry(suspension('ctd-punjab')),
    ],
    ['beyond the agency’s ceiling', 'beyond-ceiling', () => entry(climber)],
    [
      'signed by a key that nobody has',
      'unknown-signer',
      () => entry(newcomer(), { signers: [stranger] }),
    ],
    [
      'whose signature is forged',
      'bad-signature',
      () => {
        const { keyId, publicKey } = hub.home.administratorSigner('ctd-kp')
        const forger = { keyId, publicKey, sign: stranger.sign.bind(stranger) }
        return entry(newcomer(), { signers: [forger] })
      },
    ],
    ['ahead of its turn', 'wrong-sequence', () => entry(newcomer(), { ahead: 1 })],
    [
      'behind another entry than the last',
      'wrong-predecessor',
      () => entry(newcomer(), { previousDigest: new Uint8Array(32) }),
    ],
  ]

  test.each(cases)('over HTTP: %s', async (_what, fault, author) => {
    const { sequence, bytes } = await author()
    const length = await topicLength()
    const answer = await post(bytes, ADMINISTRATOR)
    expect([answer.status, answer.json['code']]).toEqual([422, 'directory-entry-invalid'])
    expect(answer.json['detail']).toBe(fault)
    expect(await lastRecord()).toMatchObject({ outcome: 'DENIED', reasons: [fault] })
    expect(await topicLength()).toBe(length)
    expect(ourState().sequence).toBeLessThan(sequence)
    expect(hub.alarms).toContainEqual({ what: 'directory-entry-refused', why: fault })
  })

  test.each(cases)('straight into the topic: %s', async (_what, fault, author) => {
    const { sequence, bytes } = await author()
    const { log, directory } = hub.hub.parts
    const [offset] = await log.append(DIRECTORY_TOPIC, [bytes])
    await directory.catchUp()
    expect(ourState().sequence).toBeLessThan(sequence)
    expect(hub.alarms).toContainEqual({
      what: 'directory-entry-ignored',
      topic: DIRECTORY_TOPIC,
      offset,
      why: fault,
    })
  })

  test('an older one again, straight into the topic', async () => {
    const { bytes } = await entry(newcomer())
    await post(bytes, ADMINISTRATOR)
    const later = await entry(newcomer({ suspended: true }))
    await post(later.bytes, ADMINISTRATOR)
    const { log, directory } = hub.hub.parts
    await log.append(DIRECTORY_TOPIC, [bytes])
    await directory.catchUp()
    expect(ourState().digest).toEqual(later.digest)
    expect(ourState().principals.get(principal('ctd-kp/newcomer'))?.suspended).toBe(true)
    expect(hub.alarms.map(({ why }) => why)).toEqual(['wrong-sequence'])
  })

  test.each([
    ['before the last one', -60_000, 'time-went-back'],
    ['eleven minutes ahead of the hub’s clock', 660_000, 'entered-at-absurd'],
  ])('over HTTP: signed %s', async (_when, byMs, fault) => {
    const { bytes } = await entry(newcomer(), { enteredAtMs: Date.now() + byMs })
    const answer = await post(bytes, ADMINISTRATOR)
    expect([answer.status, answer.json['detail']]).toEqual([422, fault])
    expect(ourState().principals.has(principal('ctd-kp/newcomer'))).toBe(false)
  })

  test.each([
    ['nothing that is an entry', new Uint8Array([1, 2, 3]), 422, 'directory-entry-invalid'],
    ['too many bytes', new Uint8Array(65_537), 413, 'directory-entry-too-large'],
  ])('over HTTP: %s', async (_what, bytes, status, code) => {
    const answer = await post(bytes, ADMINISTRATOR)
    expect([answer.status, answer.json['code']]).toEqual([status, code])
    expect((await lastRecord())?.outcome).toBe('DENIED')
  })
})

describe('who may hand in what an agency’s administrator signed', () => {
  test.each([
    ['another agency’s administrator', 'ctd-punjab/administrator', 'live'],
    ['a principal of the agency without the role', 'ctd-kp/analyst', 'live'],
    ['the federal coordinator', 'nacta/coordinator', 'live'],
  ] as const)('not %s', async (_who, carrier, realm) => {
    const { bytes } = await entry(newcomer())
    const answer = await post(bytes, carrier, { realm })
    expect([answer.status, answer.json['code']]).toEqual([403, 'role-missing'])
    expect(await lastRecord()).toMatchObject({ outcome: 'DENIED', reasons: ['role-missing'] })
    expect(hub.alarms.map(({ what }) => what)).toEqual(['directory-entry-refused'])
  })

  test('not its own administrator in the exercise realm, as the policy says', async () => {
    const { bytes } = await entry(newcomer())
    const { status, json } = await post(bytes, ADMINISTRATOR, { realm: 'exercise' })
    expect([status, json['code'], json['reasons']]).toEqual([403, 'not-permitted', ['live-only']])
    expect(await lastRecord()).toMatchObject({ outcome: 'DENIED', reasons: ['live-only'] })
    expect(hub.alarms.map(({ what }) => what)).toEqual(['directory-entry-refused'])
  })

  test('anybody for a new agency, until its administrator can call by itself', async () => {
    const key = openSigner(generateKey('Ed25519').privatePem)
    const agency = agencyId('fia')
    const administrator = principal('fia/administrator')
    const added: DirectoryChange = {
      type: 'AgencyAdded',
      agency,
      home: 'PK',
      ceiling: { classification: 'SECRET', jurisdictions: ['PK'] },
      administrator,
      administratorKey: key.publicKey,
      possession: await provePossession(key, {
        agency,
        principal: administrator,
        usage: 'directory_signing',
      }),
      validToMs: Date.now() + 86_400_000,
    }
    const signers = [hub.home.rootSigner]
    expect((await post((await entry(added, { signers })).bytes, 'nacta/liaison')).status).toBe(201)
    const login = async (): Promise<DirectoryChange> => ({
      type: 'KeyAdded',
      ...(await provenKey({ agency, principal: administrator, usage: 'authentication' })),
      validFromMs: Date.now() - 1_000,
      validToMs: Date.now() + 86_400_000,
    })
    const first = await entry(await login(), { signers: [key] })
    expect((await post(first.bytes, 'nacta/liaison')).status).toBe(201)
    const second = await entry(await login(), { signers: [key] })
    expect((await post(second.bytes, 'nacta/liaison')).status).toBe(403)
  })

  test('nobody without a token, and nothing of another media type', async () => {
    const { bytes } = await entry(newcomer())
    const init = { method: 'POST', body: Buffer.from(bytes) }
    const headers = { 'content-type': SIGNED_DIRECTORY_ENTRY_TYPE }
    expect((await hub.request('/v1/directory/entries', { ...init, headers })).status).toBe(401)
    expect((await post(bytes, ADMINISTRATOR, { type: SIGNED_ALERT_TYPE })).status).toBe(415)
  })

  test('no principal that was suspended since it got its token', async () => {
    await hub.token('nacta/liaison')
    const out: DirectoryChange = newcomer({
      agency: agencyId('nacta'),
      principal: principal('nacta/liaison'),
      jurisdictions: ['PK'],
      suspended: true,
    })
    const signed = await entry(out, { signers: [hub.home.administratorSigner('nacta')] })
    expect((await post(signed.bytes, 'nacta/administrator')).status).toBe(201)
    const { bytes } = await entry(suspension('ctd-gb'), { signers: [hub.home.rootSigner] })
    expect((await post(bytes, 'nacta/liaison')).status).toBe(404)
    expect(await lastRecord()).toMatchObject({ outcome: 'DENIED', reasons: ['suspended'] })
  })
})
