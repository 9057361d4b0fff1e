import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { generateKey } from '#adapters/crypto/private-key.ts'
import { openSigner } from '#adapters/crypto/signer.ts'
import { encodeAlert } from '#core/alert-codec.ts'
import { encodeSingleObject } from '#core/avro/single-object.ts'
import { concatBytes, fromHex, hex } from '#core/bytes.ts'
import { alertCodec, signedAlertCodec } from '#core/codecs.ts'
import {
  ALERT_PAYLOAD_TYPE,
  DIRECTORY_PAYLOAD_TYPE,
  envelopeFrom,
  signEnvelope,
} from '#core/envelope.ts'
import { agencyId, sampleAlert } from '#tests/sample-alert.ts'
import { openTestHub, signed, type TestHub } from '#tests/test-hub.ts'

const KP = 'ctd-kp/feed-system'
let hub: TestHub

beforeAll(async () => {
  hub = await openTestHub()
})
afterAll(async () => {
  await hub.close()
  hub.home.remove()
})

const kpSigned = (changes: Parameters<typeof sampleAlert>[0] = {}) =>
  signed(sampleAlert(changes), hub.home.alertSigner('ctd-kp'))

describe('an alert that is taken', () => {
  test('is answered with its record, which is in the log and names it', async () => {
    const alert = sampleAlert()
    const before = await hub.recordCount()
    const answer = await hub.publish(await signed(alert, hub.home.alertSigner('ctd-kp')), KP)
    expect(answer.status).toBe(201)
    expect(answer.headers.get('location')).toBe(`/v1/alerts/ctd-kp/${alert.id}`)
    const index = (answer.json['record'] as { index: number }).index
    const record = (await hub.records(index))[0]
    expect(index).toBeGreaterThanOrEqual(before)
    expect(record).toMatchObject({ action: 'PUBLISH', outcome: 'ALLOWED', principal: KP })
    expect(record?.alert).toMatchObject({ origin: 'ctd-kp', id: alert.id })
    expect(hex(record?.alert?.digest ?? new Uint8Array())).toBe(answer.json['digest'])
  })

  test('is answered the same again when it is sent again, without another record', async () => {
    const bytes = await kpSigned()
    const first = await hub.publish(bytes, KP)
    const before = await hub.recordCount()
    const again = await hub.publish(bytes, KP)
    expect(again.status).toBe(200)
    expect(again.json).toEqual(first.json)
    expect(await hub.recordCount()).toBe(before)
  })

  test('signed by others again under the same id is the same alert: signatures are no part of it', async () => {
    const alert = sampleAlert()
    const first = await hub.publish(await signed(alert, hub.home.alertSigner('ctd-kp')), KP)
    const again = await hub.publish(await signed(alert, hub.home.alertSigner('ctd-kp')), KP)
    expect([first.status, again.status]).toEqual([201, 200])
  })

  test('sent a hundred times at once is there once', async () => {
    const bytes = await kpSigned()
    const answers = await Promise.all(Array.from({ length: 100 }, () => hub.publish(bytes, KP)))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(99)
    expect(new Set(answers.map(({ json }) => JSON.stringify(json['record'])))).toHaveProperty(
      'size',
      1,
    )
  })

  test('and another under the same id, sent at once, are never both taken', async () => {
    const alert = sampleAlert()
    const texts = Array.from({ length: 20 }, (_, at) => `Invented, ${at}`)
    const answers = await Promise.all(
      texts.map(async (headline) => {
        const texts = [{ language: 'en', headline, narrative: '' }]
        const bytes = await signed({ ...alert, texts }, hub.home.alertSigner('ctd-kp'))
        return hub.publish(bytes, KP)
      }),
    )
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(answers.filter(({ json }) => json['code'] === 'id-taken')).toHaveLength(19)
  })
})

/** Each: what is sent, and the code it must get. */
const REFUSED: readonly (readonly [string, string, number, () => Promise<Uint8Array>])[] = [
  ['nothing', 'envelope-malformed', 400, async () => new Uint8Array(0)],
  ['a cut envelope', 'envelope-malformed', 400, async () => (await kpSigned()).subarray(0, 200)],
  [
    'trailing bytes',
    'envelope-malformed',
    400,
    async () => concatBytes(await kpSigned(), Uint8Array.of(0)),
  ],
  ['an array bomb', 'envelope-malformed', 400, async () => bombed(await kpSigned())],
  ['an array bomb in the alert', 'alert-malformed', 400, async () => payload(bombedPayload())],
  ['an over-long varint', 'alert-malformed', 400, async () => payload(overlongPayload())],
  ['an unknown schema', 'schema-unknown', 400, async () => payload(unknownSchemaPayload())],
  [
    'a directory entry as an alert',
    'payload-type-unknown',
    400,
    async () =>
      signEnvelope(DIRECTORY_PAYLOAD_TYPE, encodeAlert(sampleAlert()), [
        hub.home.alertSigner('ctd-kp'),
      ]),
  ],
  ['signatures out of order', 'signatures-malformed', 400, async () => doubled(await kpSigned())],
  [
    'no jurisdiction',
    'label-invalid',
    422,
    () => kpSigned({ label: { ...sampleAlert().label, jurisdictions: [] } }),
  ],
  [
    'releasable to nobody',
    'label-invalid',
    422,
    () => kpSigned({ label: { ...sampleAlert().label, releasableTo: [] } }),
  ],
  [
    'releasable to an unknown agency',
    'agency-unknown',
    422,
    () => kpSigned({ label: { ...sampleAlert().label, releasableTo: [agencyId('nobody')] } }),
  ],
  [
    'a right-to-left override',
    'text-controls',
    422,
    () => kpSigned({ texts: [{ language: 'en', headline: 'abc\u202edef', narrative: '' }] }),
  ],
  [
    'a credibility of 7',
    'alert-meaningless',
    422,
    () => kpSigned({ evaluation: { reliability: 'A', credibility: 7 } }),
  ],
  ['sent an hour ago', 'sent-at-absurd', 422, () => kpSigned({ sentAtMs: Date.now() - 3_600_000 })],
  ['sent tomorrow', 'sent-at-absurd', 422, () => kpSigned({ sentAtMs: Date.now() + 86_400_000 })],
  [
    'expired before it came',
    'already-expired',
    422,
    () => kpSigned({ sentAtMs: Date.now() - 10_000, expiresAtMs: Date.now() - 5_000 }),
  ],
  ['of the other realm', 'realm-mismatch', 422, () => kpSigned({ realm: 'exercise' })],
  [
    'signed by a key nobody knows',
    'key-unknown',
    403,
    () => signed(sampleAlert(), openSigner(generateKey('Ed25519').privatePem)),
  ],
  [
    'signed by another agency',
    'key-of-another-agency',
    403,
    () => signed(sampleAlert(), hub.home.alertSigner('ctd-punjab')),
  ],
  [
    'signed with an exercise key',
    'key-wrong-usage',
    403,
    () => signed(sampleAlert(), hub.home.exerciseSigner('ctd-kp')),
  ],
  [
    'signed with an authentication key',
    'key-wrong-usage',
    403,
    () => signed(sampleAlert(), hub.home.principalSigner(KP)),
  ],
  ['a signature over other bytes', 'signature-invalid', 403, async () => resigned()],
  [
    'above the clearance',
    'not-permitted',
    403,
    () => kpSigned({ label: { ...sampleAlert().label, classification: 'TOP_SECRET' } }),
  ],
]

describe('an alert that is refused', () => {
  test.each(REFUSED)('%s: %s', async (_why, code, status, make) => {
    const before = await hub.recordCount()
    const answer = await hub.publish(await make(), KP)
    expect([answer.status, answer.json['code']]).toEqual([status, code])
    // Of publications alone: the router may be writing down an earlier test's dead letters.
    const records = (await hub.records(before)).filter(({ action }) => action === 'PUBLISH')
    expect(records).toHaveLength(1)
    const reason = code === 'not-permitted' ? expect.anything() : code
    expect(records[0]).toMatchObject({ action: 'PUBLISH', outcome: 'DENIED', principal: KP })
    expect(records[0]?.reasons).toContainEqual(reason)
  })

  test('a longer one than the limit is refused before it is read, on record', async () => {
    const before = await hub.recordCount()
    const answer = await hub.publish(new Uint8Array(262_145), KP)
    expect([answer.status, answer.json['code']]).toEqual([413, 'alert-too-large'])
    const records = (await hub.records(before)).filter(({ action }) => action === 'PUBLISH')
    expect(records.map(({ reasons }) => reasons)).toEqual([['alert-too-large']])
  })

  test('of another agency: says nothing of whether the id is taken', async () => {
    const alert = sampleAlert()
    const bytes = await signed(alert, hub.home.alertSigner('ctd-kp'))
    const punjab = 'ctd-punjab/feed-system'
    const unknown = await hub.publish(bytes, punjab)
    await hub.publish(bytes, KP)
    const known = await hub.publish(bytes, punjab)
    expect([unknown.status, known.status]).toEqual([403, 403])
    expect(known.json['reasons']).toEqual(unknown.json['reasons'])
    expect(known.json['reasons']).toEqual(['not-own-agency'])
  })

  test('says every reason of the policy at once', async () => {
    const label = { ...sampleAlert().label, classification: 'TOP_SECRET' } as const
    const answer = await hub.publish(await kpSigned({ label }), 'ctd-punjab/analyst')
    expect(answer.json['reasons']).toEqual([
      'above-agency-ceiling',
      'clearance-too-low',
      'not-own-agency',
      'role-missing',
    ])
  })

  test('without a token: no record, for nobody is known', async () => {
    const before = await hub.recordCount()
    const answer = await hub.request('/v1/alerts', { method: 'POST', body: 'x' })
    expect(answer.status).toBe(401)
    const headers = { 'content-type': 'application/vnd.rabta.signed-alert+avro' }
    const nobody = await hub.request('/v1/alerts', { method: 'POST', body: 'x', headers })
    expect([nobody.status, nobody.json['code']]).toEqual([401, 'not-authenticated'])
    expect(await hub.recordCount()).toBe(before)
  })

  test('of another media type: refused by its own code, on record', async () => {
    const before = await hub.recordCount()
    const authorization = `Bearer ${await hub.token(KP)}`
    const init = { method: 'POST', body: 'x', headers: { authorization } }
    const answer = await hub.request('/v1/alerts', init)
    expect([answer.status, answer.json['code']]).toEqual([415, 'media-type-unsupported'])
    const records = (await hub.records(before)).filter(({ action }) => action === 'PUBLISH')
    expect(records.map(({ reasons }) => reasons)).toEqual([['media-type-unsupported']])
  })

  test('an array bomb costs under 10 ms and 10 MB', () => {
    const bomb = bombedPayload()
    const heapBefore = process.memoryUsage().heapUsed
    const startMs = performance.now()
    expect(alertCodec.read(bomb.subarray(10)).ok).toBe(false)
    expect(performance.now() - startMs).toBeLessThan(10)
    expect(process.memoryUsage().heapUsed - heapBefore).toBeLessThan(10_000_000)
  })
})

const payload = (bytes: Uint8Array): Promise<Uint8Array> =>
  signEnvelope(ALERT_PAYLOAD_TYPE, bytes, [hub.home.alertSigner('ctd-kp')])

/** The count 2^31 − 1 as a zigzag varint. */
const COUNT_OF_2_TO_31 = Uint8Array.of(0xfe, 0xff, 0xff, 0xff, 0x0f)

/** An envelope whose list of signatures claims 2^31 − 1 of them. */
const bombed = (envelope: Uint8Array): Uint8Array => {
  const read = envelopeFrom(envelope, ALERT_PAYLOAD_TYPE)
  if (!read.ok) throw new Error('not an envelope')
  const { payloadType, payload } = read.value
  const bare = encodeSingleObject(signedAlertCodec, { payloadType, payload, signatures: [] })
  return concatBytes(bare.subarray(0, bare.length - 1), COUNT_OF_2_TO_31)
}

/** A payload whose list of jurisdictions claims 2^31 − 1 of them. */
const bombedPayload = (): Uint8Array => {
  const bytes = encodeAlert(sampleAlert())
  const at = hex(bytes).indexOf(hex(Uint8Array.of(4, 4, 0x50, 0x4b))) / 2
  return concatBytes(bytes.subarray(0, at), COUNT_OF_2_TO_31)
}

/** The realm, the first byte behind the header, written in two bytes. */
const overlongPayload = (): Uint8Array => {
  const bytes = encodeAlert(sampleAlert())
  return concatBytes(bytes.subarray(0, 10), Uint8Array.of(0x80, 0x00), bytes.subarray(11))
}

const unknownSchemaPayload = (): Uint8Array => {
  const bytes = encodeAlert(sampleAlert()).slice()
  bytes.set(fromHex('0011223344556677') ?? [], 2)
  return bytes
}

/** One signature twice. */
const doubled = (envelope: Uint8Array): Uint8Array => {
  const read = envelopeFrom(envelope, ALERT_PAYLOAD_TYPE)
  if (!read.ok) throw new Error('not an envelope')
  const { signatures } = read.value
  return encodeSingleObject(signedAlertCodec, {
    ...read.value,
    signatures: [...signatures, ...signatures],
  })
}

/** A good signature of KP over another alert. */
const resigned = async (): Promise<Uint8Array> => {
  const read = envelopeFrom(await kpSigned(), ALERT_PAYLOAD_TYPE)
  if (!read.ok) throw new Error('not an envelope')
  const payload = encodeAlert(sampleAlert())
  return encodeSingleObject(signedAlertCodec, { ...read.value, payload })
}
