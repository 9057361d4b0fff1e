import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { generateKey } from '#adapters/crypto/private-key.ts'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { openSigner } from '#adapters/crypto/signer.ts'
import { publish } from '#clients/sdk/publish.ts'
import { signAlert } from '#clients/sdk/sign-alert.ts'
import { alertStatus } from '#clients/sdk/status.ts'
import { type AccessRecord, decodeAccessRecord, encodeAccessRecord } from '#core/access-record.ts'
import type { Alert } from '#core/alert.ts'
import { base64, fromBase64, hex } from '#core/bytes.ts'
import { ALERT_PAYLOAD_TYPE, digestOf, envelopeFrom } from '#core/envelope.ts'
import { altering, HostileProxy } from '#tests/hostile-proxy.ts'
import { agencyId, sampleAlert } from '#tests/sample-alert.ts'
import { failureOf, sessionAt } from '#tests/sdk-session.ts'
import { openTestHub, type TestHub } from '#tests/test-hub.ts'

const KP = 'ctd-kp/feed-system'
let hub: TestHub
let proxy: HostileProxy
let url = ''

beforeAll(async () => {
  hub = await openTestHub()
  proxy = new HostileProxy(() => hub.hub.url ?? '')
  url = await proxy.open()
})
afterAll(async () => {
  await proxy.close()
  await hub.close()
  hub.home.remove()
})
afterEach(() => {
  proxy.alter = (_path, answer) => answer
})

const session = (principal = KP) => sessionAt(hub, principal, { url })
const signed = (changes: Partial<Alert> = {}) =>
  signAlert(sampleAlert(changes), [hub.home.alertSigner('ctd-kp')])

interface Given {
  origin: string
  id: string
  digest: string
  acceptedAtMs: number
  record: { index: number; bytes: string }
}
const onAnswer = (change: (given: Given) => void) =>
  altering('/v1/alerts', (given) => change(given as unknown as Given))

describe('publishing', () => {
  test('gives the checked answer with the record of the publication', async () => {
    const bytes = await signed()
    const published = await publish(session(), bytes)
    const envelope = envelopeFrom(bytes, ALERT_PAYLOAD_TYPE)
    const digest = envelope.ok && digestOf(envelope.value, sha256)
    expect(published).toMatchObject({ isNew: true, origin: 'ctd-kp', digest })
    expect((await hub.records(published.record.index))[0]).toEqual(published.record.content)
  })

  test('again gives the first answer, to a colleague too', async () => {
    const bytes = await signed()
    const first = await publish(session(), bytes)
    const purpose = { code: 'PROTECTION', caseReference: null } as const
    const again = await publish(session('ctd-kp/duty-officer'), bytes, { purpose })
    expect(again).toEqual({ ...first, isNew: false })
  })

  test('says the purpose', async () => {
    const purpose = { code: 'PROTECTION', caseReference: 'FIR-9/2026' } as const
    const { record } = await publish(session(), await signed(), { purpose })
    expect(record.content.purpose).toEqual(purpose)
  })

  test('passes on why the hub refuses', async () => {
    const stranger = openSigner(generateKey('Ed25519').privatePem)
    const unknownKey = await signAlert(sampleAlert(), [stranger])
    expect(await failureOf(publish(session(), unknownKey))).toMatchObject({ code: 'key-unknown' })
    const topSecret = { ...sampleAlert().label, classification: 'TOP_SECRET' } as const
    expect(await failureOf(publish(session(), await signed({ label: topSecret })))).toMatchObject({
      name: 'HubRefusal',
      code: 'not-permitted',
      reasons: expect.arrayContaining(['clearance-too-low']),
    })
  })

  test('sends the very same bytes again when the hub puts it off', async () => {
    let times = 0
    proxy.alter = (path, answer) => {
      if (path !== '/v1/alerts') return answer
      times += 1
      if (times > 1) return answer
      const code = 'outcome-unknown'
      const problem = { status: 503, code, title: 'It is not known.', remedy: 'Again.' }
      const headers = new Headers({
        'content-type': 'application/problem+json',
        'retry-after': '0',
      })
      return { status: 503, headers, body: Buffer.from(JSON.stringify(problem)) }
    }
    const published = await publish(session(), await signed())
    expect([times, published.isNew]).toEqual([2, false])
  })
})

describe('a hub that lies about a publication', () => {
  const rewritten = (given: Given, change: (record: AccessRecord) => AccessRecord): string => {
    const record = decodeAccessRecord(fromBase64(given.record.bytes) ?? Uint8Array.of())
    return record === null ? '' : base64(encodeAccessRecord(change(record)))
  }

  test.each<readonly [string, (given: Given) => void, string, string | null]>([
    ['another digest', (given) => (given.digest = '00'.repeat(32)), 'answer-differs', null],
    ['another origin', (given) => (given.origin = 'ctd-gb'), 'answer-differs', null],
    ['no index', (given) => (given.record.index = -1), 'answer-malformed', 'record.index'],
    ['no record', (given) => (given.record.bytes = 'AAAA'), 'answer-malformed', 'record.bytes'],
    [
      'an impossible time',
      (given) => (given.acceptedAtMs = 2 ** 50),
      'answer-malformed',
      'acceptedAtMs',
    ],
    [
      'a record of a refusal',
      (given) =>
        (given.record.bytes = rewritten(given, (record) => ({ ...record, outcome: 'DENIED' }))),
      'record-differs',
      'outcome',
    ],
    [
      'a record of reading',
      (given) =>
        (given.record.bytes = rewritten(given, (record) => ({ ...record, action: 'READ' }))),
      'record-differs',
      'action',
    ],
    [
      'a record of other bytes',
      (given) =>
        (given.record.bytes = rewritten(given, (record) => ({
          ...record,
          alert: record.alert && { ...record.alert, digest: new Uint8Array(32) },
        }))),
      'record-differs',
      'alert',
    ],
    [
      'a record of somebody else',
      (given) =>
        (given.record.bytes = rewritten(given, (record) => ({
          ...record,
          principal: 'ctd-kp/duty-officer' as AccessRecord['principal'],
        }))),
      'record-differs',
      'principal',
    ],
    ['an old record', (given) => (given.record.index = 0), 'record-replayed', null],
  ])('by %s is found out', async (_what, change, code, detail) => {
    const careful = session()
    await publish(careful, await signed())
    proxy.alter = onAnswer(change)
    const failure = await failureOf(publish(careful, await signed()))
    expect(failure).toMatchObject({ name: 'HubMisbehaved', code, ...(detail && { detail }) })
  })

  test('by a record of another agency for an old alert is found out', async () => {
    const bytes = await signed()
    await publish(session(), bytes)
    proxy.alter = onAnswer((given) => {
      given.record.bytes = rewritten(given, (record) => ({
        ...record,
        principal: 'ctd-gb/feed-system' as AccessRecord['principal'],
        agency: agencyId('ctd-gb'),
      }))
    })
    const failure = await failureOf(publish(session(), bytes))
    expect(failure).toMatchObject({ code: 'record-differs', detail: 'agency' })
  })
})

describe('signing', () => {
  test('refuses an alert without meaning before anything is signed', async () => {
    let signatures = 0
    const key = hub.home.alertSigner('ctd-kp')
    const counting = {
      ...key,
      sign: (message: Uint8Array) => {
        signatures += 1
        return key.sign(message)
      },
    }
    const unsorted = { ...sampleAlert().label, jurisdictions: ['PK-KP', 'PK'] as const }
    const failure = await failureOf(signAlert(sampleAlert({ label: unsorted }), [counting]))
    expect(failure).toMatchObject({ name: 'AlertUnusable', code: 'label-invalid' })
    expect(signatures).toBe(0)
  })

  test('takes one to four different keys', async () => {
    const key = hub.home.alertSigner('ctd-kp')
    for (const signers of [[], [key, key]]) {
      expect(await failureOf(signAlert(sampleAlert(), signers))).toBeInstanceOf(RangeError)
    }
  })

  test('refuses what is longer than any hub takes', async () => {
    const texts = ['en', 'ur', 'ps', 'sd', 'pa', 'bal', 'brh'].map((language) => ({
      language,
      headline: 'Long',
      narrative: 'ا'.repeat(20_000),
    }))
    const failure = await failureOf(signed({ texts }))
    expect(failure).toMatchObject({ name: 'AlertUnusable', code: 'alert-too-large' })
  })

  test('bytes that are no signed alert are not sent', async () => {
    proxy.paths.length = 0
    const failure = await failureOf(publish(session(), Uint8Array.of(1, 2, 3)))
    expect(failure).toMatchObject({ name: 'AlertUnusable', code: 'envelope-malformed' })
    expect(proxy.paths).toEqual([])
  })
})

describe('the status of an alert', () => {
  test('is for its originator', async () => {
    const published = await publish(session(), await signed())
    await hub.settled()
    const status = await alertStatus(session('ctd-kp/duty-officer'), published)
    expect(status).toMatchObject({
      origin: 'ctd-kp',
      id: published.id,
      state: 'routed',
      digest: published.digest,
      publishRecordIndex: published.record.index,
      topics: ['live.alerts.PK.RESTRICTED', 'live.alerts.PK-KP.RESTRICTED'],
      why: null,
    })
    const refused = await failureOf(alertStatus(session('ctd-sindh/analyst'), published))
    expect(refused).toMatchObject({ name: 'HubRefusal', code: 'not-found' })
  })

  test('of another alert is not taken', async () => {
    const [one, two] = [
      await publish(session(), await signed()),
      await publish(session(), await signed()),
    ]
    proxy.alter = onAnswer((given) => {
      given.id = two.id
    })
    expect(await failureOf(alertStatus(session(), one))).toMatchObject({ code: 'answer-differs' })
    expect(hex(one.digest)).not.toBe(hex(two.digest))
  })
})
