import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { decodeAccessRecord } from '#core/access-record.ts'
import type { Alert } from '#core/alert.ts'
import { fromBase64, hex } from '#core/bytes.ts'
import type { Caveat } from '#core/caveat.ts'
import { ACCESS_TOPIC } from '#core/topics.ts'
import { digestIn, recallOf } from '#tests/recalls.ts'
import { sampleAlert } from '#tests/sample-alert.ts'
import { type Answer, openTestHub, signed, type TestHub } from '#tests/test-hub.ts'

const COORDINATOR = 'nacta/coordinator'
const OWN_READER = 'ctd-kp/duty-officer'
const FOR_A_CASE = { 'rabta-purpose': 'PROSECUTION FIR:12/2026' }
let hub: TestHub

beforeEach(async () => {
  hub = await openTestHub()
})
afterEach(async () => {
  await hub.close()
  hub.home.remove()
})

const publish = async (alert: Alert = sampleAlert()): Promise<Uint8Array> => {
  const bytes = await signed(alert, hub.home.alertSigner(alert.origin))
  const { status, json } = await hub.publish(bytes, 'ctd-kp/feed-system')
  if (status !== 201) throw new Error(String(json['code']))
  await hub.settled()
  return bytes
}

const ask = (
  { origin, id }: Pick<Alert, 'origin' | 'id'>,
  who: string,
  headers: Record<string, string> = FOR_A_CASE,
): Promise<Answer> => hub.get(`/v1/alerts/${origin}/${id}/export`, who, { headers })

const lastRecord = async () => (await hub.records()).at(-1)

const withCaveat = (caveat: Caveat): Alert => {
  const alert = sampleAlert()
  return { ...alert, label: { ...alert.label, caveats: [caveat] } }
}

test('gives what was signed, with the durable record of who took it out and for which case', async () => {
  const alert = sampleAlert()
  const bytes = await publish(alert)
  const { status, headers, json } = await ask(alert, COORDINATOR)
  expect([status, headers.get('cache-control')]).toEqual([200, 'private, no-store'])
  expect(fromBase64(String(json['signedAlert']))).toEqual(bytes)
  const given = json['record'] as { readonly index: number; readonly bytes: string }
  const [entry] = await hub.hub.parts.log.read(ACCESS_TOPIC, given.index, 1)
  expect(fromBase64(given.bytes)).toEqual(entry?.value)
  const record = decodeAccessRecord(entry?.value ?? new Uint8Array())
  expect(record).toMatchObject({
    action: 'EXPORT',
    outcome: 'ALLOWED',
    principal: COORDINATOR,
    purpose: { code: 'PROSECUTION', caseReference: 'FIR:12/2026' },
    alert: { origin: 'ctd-kp', id: alert.id },
  })
  expect(record?.alert?.digest && hex(record.alert.digest)).toBe(hex(digestIn(bytes)))
})

test.each([
  ['no purpose', {}],
  ['a purpose without a case', { 'rabta-purpose': 'PROSECUTION' }],
])('with %s it is refused before anything is looked up', async (_, headers) => {
  const alert = sampleAlert()
  await publish(alert)
  const before = await hub.recordCount()
  const there = await ask(alert, COORDINATOR, headers)
  const notThere = await ask(sampleAlert(), COORDINATOR, headers)
  expect([there.status, there.json['code']]).toEqual([400, 'case-missing'])
  expect([notThere.status, notThere.json['code']]).toEqual([400, 'case-missing'])
  // The token alone is on record.
  expect((await hub.records(before)).map(({ action }) => action)).toEqual(['TOKEN'])
})

describe('what may not be exported is as what is not there', () => {
  const nothing = async (who: string): Promise<Answer> => ask(sampleAlert(), who)

  const CAVEATS = [
    ['EYES_ONLY', COORDINATOR, 'not-for-export'],
    ['NO_ONWARD', COORDINATOR, 'not-for-export'],
    ['NO_ONWARD', OWN_READER, 'not-for-export'],
    ['PROTECTED_PERSON', COORDINATOR, 'not-for-export'],
    ['ORCON', COORDINATOR, 'originator-only'],
    ['NOT_FOR_COURT', COORDINATOR, 'not-for-court'],
  ] as const

  test.each(CAVEATS)('%s, to %s, who may read it', async (caveat, who, reason) => {
    const alert = withCaveat(caveat)
    await publish(alert)
    expect((await hub.get(`/v1/alerts/ctd-kp/${alert.id}`, who)).status).toBe(200)
    const denied = await ask(alert, who)
    expect(await lastRecord()).toMatchObject({
      action: 'EXPORT',
      outcome: 'DENIED',
      reasons: [reason],
    })
    const missing = await nothing(who)
    expect(await lastRecord()).toMatchObject({
      action: 'EXPORT',
      outcome: 'DENIED',
      reasons: ['not-found'],
    })
    expect(shapeOf(denied)).toEqual(shapeOf(missing))
  })

  test.each(['ORCON', 'NOT_FOR_COURT'] as const)('%s: its originator may', async (caveat) => {
    const alert = withCaveat(caveat)
    await publish(alert)
    expect((await ask(alert, OWN_READER)).status).toBe(200)
  })

  const shapeOf = ({ status, headers, json }: Answer) => ({
    status,
    headers: [...headers.keys()].sort(),
    json: { ...json, requestId: null, instance: null },
  })
})

test('an alert that was recalled is exported to nobody, its origin included', async () => {
  const alert = sampleAlert()
  const bytes = await publish(alert)
  await publish(recallOf(alert, bytes))
  expect((await hub.get(`/v1/alerts/ctd-kp/${alert.id}`, OWN_READER)).status).toBe(200)
  for (const who of [COORDINATOR, OWN_READER]) {
    const { status, json } = await ask(alert, who)
    expect([status, json['code']]).toEqual([410, 'recalled'])
    expect(await lastRecord()).toMatchObject({ action: 'EXPORT', reasons: ['recalled'] })
  }
})
