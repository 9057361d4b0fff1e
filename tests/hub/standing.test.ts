import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { authorEntry } from '#core/directory/author.ts'
import type { DirectoryChange } from '#core/directory/entry.ts'
import { ALERT_PAYLOAD_TYPE, digestOf, envelopeFrom } from '#core/envelope.ts'
import { frameFrom, sealFrame } from '#core/frame.ts'
import type { Signer } from '#core/ports/signer.ts'
import { isPrincipalId, type PrincipalId } from '#core/principal.ts'
import { DIRECTORY_TOPIC, intakeTopic } from '#core/topics.ts'
import { agencyId, sampleAlert } from '#tests/sample-alert.ts'
import { type Answer, openTestHub, signed, type TestHub } from '#tests/test-hub.ts'

const KP = 'ctd-kp/feed-system'
const COORDINATOR = 'nacta/coordinator'
let hub: TestHub

beforeEach(async () => {
  hub = await openTestHub()
})
afterEach(async () => {
  await hub.close()
  hub.home.remove()
})

const idsOf = ({ json }: Answer): readonly string[] =>
  (json['items'] as readonly { id: string }[]).map(({ id }) => id)

/** Writes an entry straight into the topic, as whoever holds `signer` can; waits until it was read. */
const enter = async (change: DirectoryChange, signer: Signer): Promise<void> => {
  const { log, directory } = hub.hub.parts
  const by = { signers: [signer], enteredAtMs: Date.now(), sha256 }
  const { bytes } = await authorEntry(directory.state, change, by)
  await log.append(DIRECTORY_TOPIC, [bytes])
  await directory.catchUp()
}

const publish = async (): Promise<string> => {
  const alert = sampleAlert()
  const answer = await hub.publish(await signed(alert, hub.home.alertSigner('ctd-kp')), KP)
  if (answer.status !== 201) throw new Error(String(answer.json['code']))
  await hub.settled()
  return alert.id
}

const principal = (text: string): PrincipalId => {
  if (!isPrincipalId(text)) throw new RangeError(text)
  return text
}

/** The coordinator as it was, with one thing other. */
const coordinator = (changes: object): DirectoryChange => ({
  type: 'PrincipalSet',
  agency: agencyId('nacta'),
  principal: principal(COORDINATOR),
  kind: 'PERSON',
  suspended: false,
  clearance: 'SECRET',
  jurisdictions: ['PK'],
  caveats: [],
  roles: [{ realm: 'live', role: 'subscriber' }],
  ...changes,
})

describe('what the directory says counts from the next request on', () => {
  test('a suspended principal is given nothing, with a token that is still good', async () => {
    const id = await publish()
    expect(idsOf(await hub.get('/v1/feed', COORDINATOR))).toEqual([id])
    await enter(coordinator({ suspended: true }), hub.home.administratorSigner('nacta'))
    expect(idsOf(await hub.get('/v1/feed', COORDINATOR))).toEqual([])
    const before = await hub.recordCount()
    const read = await hub.get(`/v1/alerts/ctd-kp/${id}`, COORDINATOR)
    expect(read.status).toBe(404)
    expect((await hub.records(before))[0]?.reasons).toEqual(['suspended'])
  })

  test('a suspended agency cannot publish, and its people cannot read', async () => {
    const bytes = await signed(sampleAlert(), hub.home.alertSigner('ctd-kp'))
    await enter(
      { type: 'AgencyStanding', agency: agencyId('ctd-kp'), suspended: true },
      hub.home.rootSigner,
    )
    const answer = await hub.publish(bytes, KP).catch((error: Error) => error.message)
    expect(answer).toContain('assertion-invalid')
  })

  test('a suspended principal learns nothing of what its agency has published', async () => {
    const alert = sampleAlert()
    const signer = hub.home.alertSigner('ctd-kp')
    const bytes = await signed(alert, signer)
    await hub.publish(bytes, KP)
    await enter(
      {
        type: 'PrincipalSet',
        agency: agencyId('ctd-kp'),
        principal: principal(KP),
        kind: 'SYSTEM',
        suspended: true,
        clearance: 'SECRET',
        jurisdictions: ['PK-KP'],
        caveats: [],
        roles: [{ realm: 'live', role: 'publisher' }],
      },
      hub.home.administratorSigner('ctd-kp'),
    )
    const other = await signed({ ...alert, kind: 'SITUATION_REPORT' }, signer)
    for (const one of [bytes, other, await signed(sampleAlert(), signer)]) {
      const { status, json } = await hub.publish(one, KP)
      expect([status, json['code'], json['reasons']]).toEqual([403, 'not-permitted', ['suspended']])
    }
  })

  test('a key that was revoked signs nothing more; what it signed before stays', async () => {
    const id = await publish()
    const signer = hub.home.alertSigner('ctd-kp')
    await enter(
      { type: 'KeyRevoked', keyId: signer.keyId, compromisedSinceMs: null },
      hub.home.administratorSigner('ctd-kp'),
    )
    const answer = await hub.publish(await signed(sampleAlert(), signer), KP)
    expect([answer.status, answer.json['code']]).toEqual([403, 'key-revoked'])
    expect(idsOf(await hub.get('/v1/feed', COORDINATOR))).toEqual([id])
  })

  test('what a key signed since it was compromised is withdrawn', async () => {
    const id = await publish()
    const { keyId } = hub.home.alertSigner('ctd-kp')
    await enter(
      { type: 'KeyRevoked', keyId, compromisedSinceMs: Date.now() - 60_000 },
      hub.home.administratorSigner('ctd-kp'),
    )
    expect(idsOf(await hub.get('/v1/feed', COORDINATOR))).toEqual([])
    const read = await hub.get(`/v1/alerts/ctd-kp/${id}`, COORDINATOR)
    expect([read.status, read.json['code']]).toEqual([410, 'compromised'])
  })
})

describe('an entry without authority', () => {
  const tried = async (change: DirectoryChange, signer: Signer) => {
    const { sequence } = hub.hub.parts.directory.state
    await enter(change, signer)
    const alarm = hub.alarms.find(({ what }) => what === 'directory-entry-ignored')
    return { moved: hub.hub.parts.directory.state.sequence - sequence, why: alarm?.why }
  }

  test.each([
    ['another agency’s administrator', 'ctd-punjab', 'not-authorised'],
    ['the federal coordinator’s administrator', 'ctd-sindh', 'not-authorised'],
  ])('by %s changes nothing', async (_who, agency, why) => {
    const signer = hub.home.administratorSigner(agency)
    expect(await tried(coordinator({ clearance: 'UNCLASSIFIED' }), signer)).toEqual({
      moved: 0,
      why,
    })
  })

  test('by root keys in a province’s name changes nothing', async () => {
    const { rootSigner } = hub.home
    expect(await tried(coordinator({}), rootSigner)).toEqual({ moved: 0, why: 'not-authorised' })
  })

  test('beyond the agency’s ceiling changes nothing', async () => {
    const change = coordinator({
      agency: agencyId('ctd-kp'),
      principal: principal('ctd-kp/climber'),
      clearance: 'TOP_SECRET',
      jurisdictions: ['PK-KP'],
    })
    const signer = hub.home.administratorSigner('ctd-kp')
    expect(await tried(change, signer)).toEqual({ moved: 0, why: 'beyond-ceiling' })
  })

  test('that is an older one again changes nothing', async () => {
    const { log, directory } = hub.hub.parts
    const [, second] = await log.read(DIRECTORY_TOPIC, 0, 2)
    const { sequence } = directory.state
    await log.append(DIRECTORY_TOPIC, [second?.value ?? new Uint8Array([0])])
    await directory.catchUp()
    expect(directory.state.sequence).toBe(sequence)
    expect(hub.alarms.map(({ why }) => why)).toContain('wrong-sequence')
  })
})

describe('the router', () => {
  test('routes what was recorded before a revocation, however late it comes to it', async () => {
    const { router } = hub.hub
    await router.close()
    const alert = sampleAlert()
    const signer = hub.home.alertSigner('ctd-kp')
    expect((await hub.publish(await signed(alert, signer), KP)).status).toBe(201)
    const revoked = { type: 'KeyRevoked', keyId: signer.keyId, compromisedSinceMs: null } as const
    await enter(revoked, hub.home.administratorSigner('ctd-kp'))
    await hub.close()
    await hub.open()
    await hub.settled()
    expect(idsOf(await hub.get('/v1/feed', COORDINATOR))).toEqual([alert.id])
  })

  test('does not route what a gateway stamped with an old directory and a revoked key', async () => {
    const signer = hub.home.alertSigner('ctd-kp')
    const id = await publish()
    const { log } = hub.hub.parts
    const intake = intakeTopic('live', 'PK-KP')
    const [frame] = await log.read(intake, (await log.head(intake)) - 1, 1)
    await enter(
      { type: 'KeyRevoked', keyId: signer.keyId, compromisedSinceMs: null },
      hub.home.administratorSigner('ctd-kp'),
    )
    const other = await resealed(frame?.value)
    await log.append(intake, [other.frame])
    await hub.settled()
    const status = await hub.get(`/v1/alerts/ctd-kp/${other.id}/status`, KP)
    expect(status.json).toMatchObject({ state: 'dead-lettered', why: 'key-or-agency-out' })
    expect(idsOf(await hub.get('/v1/feed', COORDINATOR))).toEqual([id])
  })
})

/** A frame as a gateway would make it that goes by the directory of before the revocation. */
const resealed = async (value: Uint8Array | undefined) => {
  const frame = value && frameFrom(value)
  if (!frame) throw new Error('no frame')
  const alert = sampleAlert()
  const signedAlert = await signed(alert, hub.home.alertSigner('ctd-kp'))
  const envelope = envelopeFrom(signedAlert, ALERT_PAYLOAD_TYPE)
  if (!envelope.ok) throw new Error('no envelope')
  const stamp = { ...frame.stamp, id: alert.id, digest: digestOf(envelope.value, sha256) }
  const { seal } = hub.hub.gateway.deps
  const nonce = crypto.getRandomValues(new Uint8Array(12))
  const sealKeyId = frame.sealKeyId.text
  return { id: alert.id, frame: sealFrame(seal, { stamp, signedAlert, sealKeyId, nonce }) }
}
