import { afterAll, beforeAll, expect, test } from 'vitest'
import { previewLabel } from '#clients/sdk/preview.ts'
import { sampleAlert } from '#tests/sample-alert.ts'
import { failureOf, sessionAt } from '#tests/sdk-session.ts'
import { type Answer, openTestHub, type TestHub } from '#tests/test-hub.ts'

const OFFICER = 'ctd-kp/duty-officer'
let hub: TestHub

beforeAll(async () => {
  hub = await openTestHub()
})
afterAll(async () => {
  await hub.close()
  hub.home.remove()
})

const WRITTEN = {
  classification: 'RESTRICTED',
  jurisdictions: ['PK-PB'],
  releasableTo: null,
  caveats: [],
}

const ask = async (body: unknown, principal = OFFICER, realm = 'live' as const): Promise<Answer> =>
  hub.request('/v1/label/preview', {
    method: 'POST',
    body: JSON.stringify(body),
    headers: {
      authorization: `Bearer ${await hub.token(principal, realm)}`,
      'content-type': 'application/json',
    },
  })

const notReached = ({ json }: Answer): Record<string, readonly string[]> => {
  const list = json['notReached'] as readonly { agency: string; reasons: readonly string[] }[]
  return Object.fromEntries(list.map(({ agency, reasons }) => [agency, reasons]))
}

test('says which agencies a label reaches, and why it does not reach the others', async () => {
  const answer = await ask({ label: WRITTEN })
  expect(answer.status).toBe(200)
  expect(answer.json['reached']).toEqual(['ctd-kp', 'ctd-punjab', 'nacta'])
  expect(notReached(answer)['ctd-sindh']).toEqual(['outside-jurisdiction'])
  expect(Object.keys(notReached(answer))).toEqual([
    'ctd-ajk',
    'ctd-balochistan',
    'ctd-gb',
    'ctd-ict',
    'ctd-sindh',
  ])
})

test('gives the reasons of the subscriber who comes nearest', async () => {
  const secret = await ask({ label: { ...WRITTEN, classification: 'SECRET' } })
  // The analyst is cleared for it, the duty officer is not.
  expect(notReached(secret)['ctd-sindh']).toEqual(['outside-jurisdiction'])
  const juvenile = await ask({ label: { ...WRITTEN, caveats: ['JUVENILE'] } })
  expect(juvenile.json['reached']).toEqual([])
  expect(notReached(juvenile)['nacta']).toEqual(['missing-caveat'])
})

test('judges an agency by its own clearance and caveats, also that which asks', async () => {
  const label = { ...WRITTEN, classification: 'TOP_SECRET', releasableTo: ['nacta'] }
  const answer = await ask({ label })
  expect(answer.json['reached']).toEqual([])
  expect(notReached(answer)).toMatchObject({
    'ctd-kp': ['clearance-too-low'],
    'ctd-punjab': ['clearance-too-low', 'not-releasable'],
    nacta: ['clearance-too-low'],
  })
})

test('names agencies and reasons, never persons', async () => {
  const { bytes } = await ask({ label: WRITTEN })
  const text = Buffer.from(bytes).toString()
  for (const name of hub.hub.parts.directory.state.principals.keys()) {
    expect(text).not.toContain(name.split('/')[1])
  }
})

test('reaches those who then can read, and nobody else', async () => {
  const session = sessionAt(hub, OFFICER)
  const { label } = sampleAlert()
  const { reached } = await previewLabel(session, label)
  const { state } = hub.hub.parts.directory
  const { policy } = hub.hub.gateway.deps
  const readers = [...state.principals.keys()].flatMap((id) => {
    const principal = state.standingOf(id, 'live')
    const alert = { origin: session.agency, label }
    if (principal === null) return []
    const asked = { action: 'read', realm: 'live', principal, alert } as const
    return policy.decide(asked).allowed ? [principal.agency] : []
  })
  expect([...new Set(readers)].sort()).toEqual(reached)
})

test('is on record, allowed or not, without the label', async () => {
  const before = await hub.recordCount()
  await ask({ label: WRITTEN })
  const denied = await ask({ label: WRITTEN }, 'nacta/national-auditor')
  expect([denied.status, denied.json['code'], denied.json['reasons']]).toEqual([
    403,
    'not-permitted',
    ['role-missing'],
  ])
  const records = (await hub.records(before)).filter(({ action }) => action === 'PREVIEW')
  expect(records).toMatchObject([
    { outcome: 'ALLOWED', principal: OFFICER, alert: null, reasons: [] },
    { outcome: 'DENIED', alert: null, reasons: ['role-missing'] },
  ])
})

test('takes a label only as an alert could carry it', async () => {
  const refusal = async (body: unknown) => (await ask(body)).json['code']
  expect(await refusal({ label: { ...WRITTEN, jurisdictions: 'PK-PB' } })).toBe('label-invalid')
  expect(await refusal({ label: { ...WRITTEN, releasableTo: [''] } })).toBe('label-invalid')
  expect(await refusal({ label: { ...WRITTEN, releasableTo: ['ctd-x'] } })).toBe('agency-unknown')
  expect(await refusal({ label: WRITTEN, origin: 'nacta' })).toBe('request-invalid')
  expect(await refusal({})).toBe('request-invalid')
})

test('through the SDK is typed, and a refusal is an error with its code', async () => {
  const { label } = sampleAlert()
  const preview = await previewLabel(sessionAt(hub, 'ctd-kp/feed-system'), label)
  expect(preview.reached).toEqual(['ctd-kp', 'nacta'])
  const refused = failureOf(previewLabel(sessionAt(hub, 'ctd-kp/security-officer'), label))
  expect(await refused).toMatchObject({ code: 'not-permitted', reasons: ['role-missing'] })
})
