import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Acknowledgements, acknowledge } from '#clients/sdk/acknowledge.ts'
import { givenTo } from '#clients/sdk/given-to.ts'
import { readAlert } from '#clients/sdk/read.ts'
import type { Alert, AlertName } from '#core/alert.ts'
import { agencyId, sampleAlert } from '#tests/sample-alert.ts'
import { failureOf, sessionAt } from '#tests/sdk-session.ts'
import { type Answer, openTestHub, signed, type TestHub } from '#tests/test-hub.ts'

const KP = 'ctd-kp/feed-system'
const COORDINATOR = 'nacta/coordinator'
let hub: TestHub

beforeAll(async () => {
  hub = await openTestHub()
})
afterAll(async () => {
  await hub.close()
  hub.home.remove()
})

const publish = async (changes: Partial<Alert> = {}): Promise<Alert> => {
  const alert = sampleAlert(changes)
  const answer = await hub.publish(await signed(alert, hub.home.alertSigner('ctd-kp')), KP)
  if (answer.status !== 201) throw new Error(String(answer.json['code']))
  await hub.settled()
  return alert
}

const post = async (
  { origin, id }: { readonly origin: string; readonly id: string },
  principal: string,
  { body, purpose }: { readonly body?: unknown; readonly purpose?: string } = {},
): Promise<Answer> =>
  hub.request(`/v1/alerts/${origin}/${id}/acknowledgements`, {
    method: 'POST',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headers: {
      authorization: `Bearer ${await hub.token(principal)}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(purpose === undefined ? {} : { 'rabta-purpose': purpose }),
    },
  })

const acknowledgementsSince = async (from: number) =>
  (await hub.records(from)).filter(({ action }) => action === 'ACKNOWLEDGE')

describe('an acknowledgement', () => {
  test('is a record that names who, when and which bytes', async () => {
    const alert = await publish()
    const before = await hub.recordCount()
    const answer = await post(alert, COORDINATOR)
    expect(answer.status).toBe(201)
    const [record, ...others] = await acknowledgementsSince(before)
    expect(others).toEqual([])
    expect(record).toMatchObject({
      outcome: 'ALLOWED',
      principal: COORDINATOR,
      agency: 'nacta',
      purpose: null,
      alert: { origin: 'ctd-kp', id: alert.id },
    })
    expect(Buffer.from(record?.alert?.digest ?? []).toString('hex')).toBe(answer.json['digest'])
  })

  test.each([
    ['body', { body: { purpose: { code: 'PROTECTION', caseReference: 'FIR-12/2026' } } }],
    ['header', { purpose: 'PROTECTION FIR-12/2026' }],
  ])('may say a purpose in its %s', async (_where, said) => {
    const alert = await publish()
    const before = await hub.recordCount()
    expect((await post(alert, COORDINATOR, said)).status).toBe(201)
    const [record] = await acknowledgementsSince(before)
    expect(record?.purpose).toEqual({ code: 'PROTECTION', caseReference: 'FIR-12/2026' })
  })

  test.each([
    ['free text', { body: { purpose: { code: 'PROTECTION', caseReference: 'call me' } } }],
    ['an unknown code', { body: { purpose: { code: 'CURIOSITY' } } }],
    ['no code', { body: { purpose: null } }],
    ['two purposes', { body: { purpose: { code: 'TRAINING' } }, purpose: 'PROTECTION' }],
    ['another member', { body: { note: 'seen' } }],
    ['a list', { body: [] }],
  ])('with %s is refused, and nothing is recorded', async (_what, said) => {
    const alert = await publish()
    const before = await hub.recordCount()
    const answer = await post(alert, COORDINATOR, said)
    expect([answer.status, answer.json['code']]).toEqual([400, 'request-invalid'])
    expect(await acknowledgementsSince(before)).toEqual([])
  })

  test('by who may not read cannot be told from one of nothing, and both are recorded', async () => {
    const alert = await publish({ label: { ...sampleAlert().label, classification: 'SECRET' } })
    const before = await hub.recordCount()
    const nothing = { origin: agencyId('ctd-kp'), id: '00000000-0000-4000-8000-000000000000' }
    const denied = await post(alert, 'ctd-sindh/duty-officer')
    const absent = await post(nothing, 'ctd-sindh/duty-officer')
    const shown = (answer: Answer) => {
      const { requestId: _, ...body } = answer.json
      const { date: _date, 'x-request-id': _id, ...headers } = Object.fromEntries(answer.headers)
      return { status: answer.status, headers, body }
    }
    expect(denied.status).toBe(404)
    expect(shown(denied)).toEqual(shown(absent))
    const records = await acknowledgementsSince(before)
    expect(records.map(({ outcome, reasons }) => [outcome, ...reasons])).toEqual([
      ['DENIED', 'clearance-too-low', 'outside-jurisdiction'],
      ['DENIED', 'not-found'],
    ])
  })

  test('of its publisher, who is no subscriber, is refused', async () => {
    const answer = await post(await publish(), KP)
    expect([answer.status, answer.json['code']]).toEqual([404, 'not-found'])
  })
})

describe('through the SDK', () => {
  const given = async (principal: string) => {
    const { origin, id } = await publish()
    const session = sessionAt(hub, principal)
    const release = await readAlert(session, { origin, id })
    if (!release.ok) throw new Error(release.fault)
    const alert: AlertName & { digest: Uint8Array } = { origin, id, digest: release.stamp.digest }
    return { session, alert }
  }

  test('each alert is acknowledged once, however often it is asked', async () => {
    const { session, alert } = await given(COORDINATOR)
    const before = await hub.recordCount()
    const all = new Acknowledgements(session)
    const [first, second] = await Promise.all([all.once(alert), all.once(alert)])
    expect(second).toBe(first)
    expect(await all.once(alert)).toBe(first)
    expect(await acknowledgementsSince(before)).toHaveLength(1)
    await acknowledge(session, alert)
    expect(await acknowledgementsSince(before)).toHaveLength(2)
  })

  test('one that failed may be tried again', async () => {
    const { session, alert } = await given(COORDINATOR)
    const all = new Acknowledgements(session)
    const nothing = { ...alert, origin: agencyId('ctd-sindh') }
    const before = await hub.recordCount()
    for (let attempt = 0; attempt < 2; attempt += 1) {
      expect(await failureOf(all.once(nothing))).toMatchObject({ code: 'not-found' })
    }
    expect(await acknowledgementsSince(before)).toHaveLength(2)
  })

  test('other bytes than were given are not taken for acknowledged', async () => {
    const { session, alert } = await given(COORDINATOR)
    const other = { ...alert, digest: new Uint8Array(32) }
    expect(await failureOf(acknowledge(session, other))).toMatchObject({ code: 'answer-differs' })
  })

  test('the originator sees it, with agency and time, and nobody else does', async () => {
    const { session, alert } = await given(COORDINATOR)
    const { record } = await acknowledge(session, alert)
    await hub.settled()
    const { acknowledgedBy } = await givenTo(sessionAt(hub, 'ctd-kp/security-officer'), alert)
    expect(acknowledgedBy).toMatchObject([
      { index: record.index, content: { agency: 'nacta', timeMs: record.content.timeMs } },
    ])
    const stranger = await givenTo(sessionAt(hub, 'ctd-sindh/security-officer'), alert)
    expect(stranger.acknowledgedBy).toEqual([])
  })
})
