import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { AccessRecord } from '#core/access-record.ts'
import type { Alert } from '#core/alert.ts'
import { fromHex } from '#core/bytes.ts'
import { SIGNED_DIRECTORY_ENTRY_TYPE } from '#core/envelope.ts'
import { DEFAULT_GATEWAY_SETTINGS, type GatewaySettings } from '#core/gateway-settings.ts'
import type { Label } from '#core/label.ts'
import { RATES, type Rates } from '#core/rates.ts'
import { agencyId, sampleAlert } from '#tests/sample-alert.ts'
import { makeTemporaryHome } from '#tests/temporary-home.ts'
import { type Answer, signed, TestHub } from '#tests/test-hub.ts'

const KP = 'ctd-kp/feed-system'
const LIAISON = 'nacta/liaison'

let hub: TestHub
/** Where the records of the test begin. */
let firstRecord = 0

beforeAll(async () => {
  hub = new TestHub(await makeTemporaryHome())
})
afterAll(() => hub?.home.remove())

/** A hub that counts from the beginning: its guard is a new one. */
const openWith = async (
  rates: Partial<Rates>,
  more: Partial<GatewaySettings> = {},
): Promise<void> => {
  await hub.open({ ...DEFAULT_GATEWAY_SETTINGS, rates: { ...RATES, ...rates }, ...more })
  firstRecord = await hub.recordCount()
}
afterEach(() => hub.close())

const publish = async (changes: Partial<Alert>, principal = KP): Promise<Answer> => {
  const alert = sampleAlert(changes)
  return hub.publish(await signed(alert, hub.home.alertSigner(alert.origin)), principal)
}
const statusesOf = (answers: readonly Answer[]): readonly number[] =>
  answers.map(({ status }) => status)

/** One after another. */
const times = async (count: number, act: () => Promise<Answer>): Promise<readonly Answer[]> => {
  const answers: Answer[] = []
  for (let time = 0; time < count; time += 1) answers.push(await act())
  return answers
}
const isLimited = ({ reasons, outcome }: AccessRecord): boolean =>
  outcome === 'DENIED' && reasons.includes('rate-limited')

/** What was refused for its rate, in the log: action and principal of each. */
const limitedRecords = async (): Promise<readonly string[]> =>
  (await hub.records(firstRecord))
    .filter(isLimited)
    .map(({ action, principal }) => `${action} ${principal}`)

describe('the lanes of an agency', () => {
  test('are by themselves: ROUTINE does not eat what FLASH and PRIORITY may', async () => {
    await openWith({ routine: 2, urgent: 2, flash: 2 })
    const routine = await times(4, () => publish({ precedence: 'ROUTINE' }))
    expect(statusesOf(routine)).toEqual([201, 201, 429, 429])
    const [priority, immediate, third] = [
      await publish({ precedence: 'PRIORITY' }),
      await publish({ precedence: 'IMMEDIATE' }),
      await publish({ precedence: 'IMMEDIATE' }),
    ]
    expect(statusesOf([priority, immediate, third])).toEqual([201, 201, 429])
    const flash = await times(3, () => publish({ precedence: 'FLASH' }))
    expect(statusesOf(flash)).toEqual([201, 201, 429])
    expect(await limitedRecords()).toEqual([`PUBLISH ${KP}`, `PUBLISH ${KP}`, `PUBLISH ${KP}`])
  })

  test('let a recall through whose own lane is full', async () => {
    await openWith({ routine: 1 })
    const recalled = sampleAlert({ precedence: 'ROUTINE' })
    const bytes = await signed(recalled, hub.home.alertSigner('ctd-kp'))
    const { json, status } = await hub.publish(bytes, KP)
    expect(status).toBe(201)
    expect((await publish({ precedence: 'ROUTINE' })).status).toBe(429)
    const digest = fromHex(String(json['digest'])) ?? new Uint8Array()
    const { origin, id } = recalled
    const references = [{ relation: 'RECALLS', origin, id, digest }] as const
    const recall = await publish({ kind: 'RECALL', precedence: 'ROUTINE', references })
    expect([recall.status, recall.json['code']]).toEqual([201, undefined])
  })

  test('are each agency’s own, and each realm’s', async () => {
    await openWith({ routine: 1 })
    const routine = { precedence: 'ROUTINE' } as const
    expect(statusesOf(await times(2, () => publish(routine)))).toEqual([201, 429])
    const sindh = await publish({ ...routine, origin: agencyId('ctd-sindh') }, SINDH)
    expect(sindh.status).toBe(201)
  })

  test('say when to come again, truly', async () => {
    await openWith({ routine: 20 })
    const answers = await times(21, () => publish({ precedence: 'ROUTINE' }))
    const last = answers.at(-1)
    expect([last?.status, last?.json['code']]).toEqual([429, 'rate-limited'])
    const seconds = Number(last?.headers.get('retry-after'))
    expect(seconds).toBeGreaterThanOrEqual(1)
    expect(seconds).toBeLessThanOrEqual(3)
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000))
    expect((await publish({ precedence: 'ROUTINE' })).status).toBe(201)
  })

  test('cost nothing to who sends the same bytes again', async () => {
    await openWith({ routine: 1 })
    const alert = sampleAlert({ precedence: 'ROUTINE' })
    const bytes = await signed(alert, hub.home.alertSigner('ctd-kp'))
    const answers = await times(5, () => hub.publish(bytes, KP))
    expect(statusesOf(answers)).toEqual([201, 200, 200, 200, 200])
  })

  test('are not used up by what nobody signed, nor by who may not publish', async () => {
    await openWith({ flash: 1 })
    const flash = sampleAlert({ precedence: 'FLASH' })
    const forged = await signed(flash, hub.home.alertSigner('ctd-punjab'))
    expect(statusesOf(await times(3, () => hub.publish(forged, KP)))).toEqual([403, 403, 403])
    const stolen = await signed(flash, hub.home.alertSigner('ctd-kp'))
    expect((await hub.publish(stolen, 'ctd-kp/security-officer')).status).toBe(403)
    expect((await hub.publish(stolen, KP)).status).toBe(201)
  })
})

const SINDH = 'ctd-sindh/feed-system'

test('who sends what is refused over and over has no body read any more', async () => {
  await openWith({ 'refused-publications': 3 })
  const junk = new Uint8Array(10)
  const answers = await times(6, () => hub.publish(junk, KP))
  expect(statusesOf(answers)).toEqual([400, 400, 400, 429, 429, 429])
  expect((await hub.publish(junk, SINDH)).status).toBe(400)
  const denied = (await hub.records(firstRecord)).filter(({ action, outcome }) => {
    return action === 'PUBLISH' && outcome === 'DENIED'
  })
  expect(denied.map(({ principal }) => principal)).toEqual([KP, KP, KP, KP, SINDH])
})

describe('denied look-ups', () => {
  const SECRET: Label = { ...sampleAlert().label, classification: 'SECRET' }
  const absent = '00000000-0000-4000-8000-000000000000'

  /** One alert that the liaison may read and one that it may not. */
  const publishBoth = async (): Promise<{ readonly open: string; readonly secret: string }> => {
    const [open, secret] = [sampleAlert(), sampleAlert({ label: SECRET })]
    for (const alert of [open, secret]) {
      await hub.publish(await signed(alert, hub.home.alertSigner('ctd-kp')), KP)
    }
    await hub.settled()
    return { open: open.id, secret: secret.id }
  }
  const read = (id: string) => hub.get(`/v1/alerts/ctd-kp/${id}`, LIAISON)
  const acknowledge = async (id: string): Promise<Answer> =>
    hub.request(`/v1/alerts/ctd-kp/${id}/acknowledgements`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await hub.token(LIAISON)}` },
    })
  const shapeOf = ({ status, headers, json }: Answer) => {
    const names = [...headers.keys()].filter((name) => name !== 'date').sort()
    const { requestId: _, ...body } = json
    return { status, names, body }
  }

  test('past their number are refused before any look-up, with one record', async () => {
    await openWith({ denied: 4 })
    const { open, secret } = await publishBoth()
    expect((await read(open)).status).toBe(200)
    expect((await read(secret)).status).toBe(404)
    expect((await read(absent)).status).toBe(404)
    expect((await hub.get(`/v1/alerts/ctd-kp/${secret}/status`, LIAISON)).status).toBe(404)
    expect((await acknowledge(secret)).status).toBe(404)
    const before = await hub.recordCount()
    const refused = [await read(secret), await read(absent), await read(open)]
    const shapes = refused.map(shapeOf)
    expect(shapes[0]?.status).toBe(429)
    expect(shapes[1]).toEqual(shapes[0])
    expect(shapes[2]).toEqual(shapes[0])
    expect((await acknowledge(open)).status).toBe(429)
    expect((await hub.get(`/v1/alerts/ctd-kp/${open}/status`, LIAISON)).status).toBe(429)
    const [record, ...more] = await hub.records(before)
    expect(more).toEqual([])
    expect(record).toMatchObject({ action: 'READ', outcome: 'DENIED', reasons: ['rate-limited'] })
    expect(record?.alert).toBeNull()
  })

  test('that were allowed count for nothing', async () => {
    await openWith({ denied: 2 })
    const { open } = await publishBoth()
    expect(statusesOf(await times(10, () => read(open)))).toEqual(Array(10).fill(200))
    expect(await limitedRecords()).toEqual([])
  })

  test('that were under way at once are paid for afterwards', async () => {
    await openWith({ denied: 5 })
    await hub.token(LIAISON)
    const answers = await Promise.all(Array.from({ length: 40 }, () => read(absent)))
    const denied = answers.filter(({ status }) => status === 404).length
    expect(denied).toBeGreaterThanOrEqual(5)
    const next = await read(absent)
    expect(next.status).toBe(429)
    // Twelve seconds for each of five, and no more than as many again that are owed.
    expect(Number(next.headers.get('retry-after'))).toBeLessThanOrEqual(72)
    expect((await limitedRecords()).length).toBe(1)
  })

  test('of another principal and of another realm are counted by themselves', async () => {
    await openWith({ denied: 1 })
    expect(statusesOf(await times(2, () => read(absent)))).toEqual([404, 429])
    expect((await hub.get(`/v1/alerts/ctd-kp/${absent}`, 'nacta/coordinator')).status).toBe(404)
    const exercise = { realm: 'exercise' } as const
    const path = `/v1/alerts/ctd-kp/${absent}`
    expect((await hub.get(path, 'nacta/coordinator', exercise)).status).toBe(404)
  })
})

describe('each principal has a rate of its own', () => {
  test.each([
    ['reads', '/v1/alerts/ctd-kp/00000000-0000-4000-8000-000000000000', 'READ'],
    ['feeds', '/v1/feed', 'RELEASE'],
    ['directory-reads', '/v1/directory/entries?limit=1', 'DIRECTORY'],
  ] as const)('for %s', async (rate, path, action) => {
    await openWith({ [rate]: 2 })
    const answers = await times(5, () => hub.get(path, LIAISON))
    expect(statusesOf(answers).slice(2)).toEqual([429, 429, 429])
    expect(await limitedRecords()).toEqual([`${action} ${LIAISON}`])
    expect((await hub.get(path, 'nacta/coordinator')).status).not.toBe(429)
  })

  test('for directory entries, refused ones too', async () => {
    await openWith({ 'directory-entries': 2 })
    const token = await hub.token(LIAISON)
    const enter = () =>
      hub.request('/v1/directory/entries', {
        method: 'POST',
        body: Buffer.from('no entry'),
        headers: { authorization: `Bearer ${token}`, 'content-type': SIGNED_DIRECTORY_ENTRY_TYPE },
      })
    expect(statusesOf(await times(4, enter))).toEqual([422, 422, 429, 429])
    expect(await limitedRecords()).toEqual([`DIRECTORY ${LIAISON}`])
  })

  test('for access tokens', async () => {
    await openWith({ tokens: 2 })
    const fresh = () => hub.askAs(LIAISON)
    expect(statusesOf(await times(4, fresh))).toEqual([200, 200, 429, 429])
    expect(await limitedRecords()).toEqual([`TOKEN ${LIAISON}`])
    expect((await hub.askAs(KP)).status).toBe(200)
  })
})

test('an address whose assertions prove nothing has none verified any more', async () => {
  await openWith({ 'invalid-assertions': 3 })
  const answers = await times(5, () => hub.askForToken('a.b.c', 'live'))
  expect(statusesOf(answers)).toEqual([401, 401, 401, 429, 429])
  expect((await hub.askAs(KP)).status).toBe(429)
})

test('behind a proxy, where all have one address, nobody can close it to the others', async () => {
  await openWith({ 'invalid-assertions': 3 }, { isBehindProxy: true })
  const answers = await times(5, () => hub.askForToken('a.b.c', 'live'))
  expect(statusesOf(answers)).toEqual([401, 401, 401, 401, 401])
  expect((await hub.askAs(KP)).status).toBe(200)
})
