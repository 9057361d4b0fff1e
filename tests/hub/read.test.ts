import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Alert } from '#core/alert.ts'
import { fromBase64 } from '#core/bytes.ts'
import { SIGNED_ALERT_TYPE } from '#core/envelope.ts'
import type { Label } from '#core/label.ts'
import { ACCESS_TOPIC, alertTopic } from '#core/topics.ts'
import { agencyId, sampleAlert } from '#tests/sample-alert.ts'
import { type Answer, openTestHub, signed, type TestHub } from '#tests/test-hub.ts'

const KP = 'ctd-kp/feed-system'
const COORDINATOR = 'nacta/coordinator'
let hub: TestHub

interface Item {
  readonly origin: string
  readonly id: string
  readonly signedAlert: string
  readonly record: { readonly index: number; readonly bytes: string }
}

const itemsOf = ({ json }: Answer): readonly Item[] => json['items'] as readonly Item[]
const idsOf = (answer: Answer): readonly string[] => itemsOf(answer).map(({ id }) => id)

const label = (changes: Partial<Label>): Label => ({ ...sampleAlert().label, ...changes })

const publish = async (changes: Partial<Alert> = {}): Promise<Alert> => {
  const alert = sampleAlert(changes)
  const answer = await hub.publish(await signed(alert, hub.home.alertSigner('ctd-kp')), KP)
  if (answer.status !== 201) throw new Error(String(answer.json['code']))
  return alert
}

beforeAll(async () => {
  hub = await openTestHub()
})
afterAll(async () => {
  await hub.close()
  hub.home.remove()
})

describe('a feed', () => {
  test('gives each alert once, as it was signed, each with a durable record', async () => {
    const alert = sampleAlert({ label: label({ jurisdictions: ['PK', 'PK-KP', 'PK-PB'] }) })
    const bytes = await signed(alert, hub.home.alertSigner('ctd-kp'))
    await hub.publish(bytes, KP)
    await hub.settled()
    const feed = await hub.get('/v1/feed?from=earliest', COORDINATOR)
    const item = itemsOf(feed).find(({ id }) => id === alert.id)
    expect(idsOf(feed).filter((id) => id === alert.id)).toHaveLength(1)
    expect(fromBase64(item?.signedAlert ?? '')).toEqual(bytes)
    const [entry] = await hub.hub.parts.log.read(ACCESS_TOPIC, item?.record.index ?? -1, 1)
    expect(fromBase64(item?.record.bytes ?? '')).toEqual(entry?.value)
    const [record] = await hub.records(item?.record.index)
    expect(record).toMatchObject({ action: 'RELEASE', outcome: 'ALLOWED', principal: COORDINATOR })
    expect(record?.alert).toMatchObject({ origin: 'ctd-kp', id: alert.id })
  })

  test('goes on where its cursor was, and gives nothing twice', async () => {
    const now = await hub.get('/v1/feed?from=now', COORDINATOR)
    const alerts = [await publish(), await publish(), await publish()]
    await hub.settled()
    const first = await hub.get(`/v1/feed?limit=2&from=${now.json['next']}`, COORDINATOR)
    const second = await hub.get(`/v1/feed?from=${first.json['next']}`, COORDINATOR)
    expect([...idsOf(first), ...idsOf(second)]).toEqual(alerts.map(({ id }) => id))
    expect([first.json['isEnd'], second.json['isEnd']]).toEqual([false, true])
  })

  test('leaves out what the label forbids, and makes no record of that', async () => {
    const { id } = await publish({ label: label({ classification: 'SECRET' }) })
    await hub.settled()
    const before = await hub.recordCount()
    const feed = await hub.get('/v1/feed', 'nacta/liaison')
    expect(idsOf(feed)).not.toContain(id)
    expect(await hub.recordCount()).toBe(before + itemsOf(feed).length + 1)
  })

  test('gives a province what names it, and its own agency what it sent', async () => {
    const forKp = await publish({ label: label({ jurisdictions: ['PK-SD'] }) })
    const forNacta = await publish({
      label: label({ jurisdictions: ['PK-SD'], releasableTo: [agencyId('nacta')] }),
    })
    await hub.settled()
    const [sindh, kp, punjab] = await Promise.all(
      ['ctd-sindh/analyst', 'ctd-kp/analyst', 'ctd-punjab/analyst'].map(async (reader) =>
        idsOf(await hub.get('/v1/feed?limit=500', reader)),
      ),
    )
    expect(sindh).toContain(forKp.id)
    expect(sindh).not.toContain(forNacta.id)
    expect(kp).toEqual(expect.arrayContaining([forKp.id, forNacta.id]))
    expect(punjab).not.toContain(forKp.id)
  })

  test('filters by what is asked', async () => {
    const flash = await publish({ precedence: 'FLASH', kind: 'THREAT_ALERT' })
    await hub.settled()
    const feed = await hub.get('/v1/feed?precedence=FLASH&kind=THREAT_ALERT,LOOKOUT', COORDINATOR)
    expect(idsOf(feed)).toEqual([flash.id])
    const other = await hub.get('/v1/feed?precedence=SLOW', COORDINATOR)
    expect([other.status, other.json['code']]).toEqual([400, 'request-invalid'])
  })

  test('leaves out what has expired', async () => {
    const { id } = await publish({ expiresAtMs: Date.now() + 1_500 })
    await hub.settled()
    expect(idsOf(await hub.get('/v1/feed?limit=500', COORDINATOR))).toContain(id)
    await new Promise((resolve) => setTimeout(resolve, 1_600))
    expect(idsOf(await hub.get('/v1/feed?limit=500', COORDINATOR))).not.toContain(id)
    const read = await hub.get(`/v1/alerts/ctd-kp/${id}`, COORDINATOR)
    expect([read.status, read.json['code']]).toEqual([410, 'expired'])
  })

  test.each([
    ['another person’s', 'nacta/liaison', ''],
    ['one for another filter', COORDINATOR, '&kind=LOOKOUT'],
  ])('takes no cursor but its own: not %s', async (_which, reader, filter) => {
    const { json } = await hub.get('/v1/feed?from=now', COORDINATOR)
    const answer = await hub.get(`/v1/feed?from=${json['next']}${filter}`, reader)
    expect([answer.status, answer.json['code']]).toEqual([400, 'cursor-invalid'])
  })

  test('takes no cursor that was changed, nor any text', async () => {
    const { json } = await hub.get('/v1/feed?from=now', COORDINATOR)
    const changed = `${String(json['next']).slice(0, -4)}AAAA`
    for (const from of [changed, 'yesterday', '%00']) {
      const answer = await hub.get(`/v1/feed?from=${from}`, COORDINATOR)
      expect([answer.status, answer.json['code']]).toEqual([400, 'cursor-invalid'])
    }
  })

  test('gives a publisher without the role of a subscriber nothing', async () => {
    expect(itemsOf(await hub.get('/v1/feed', KP))).toEqual([])
  })
})

describe('a direct read', () => {
  test('gives the very bytes that were signed, with stamp and record beside them', async () => {
    const alert = sampleAlert()
    const bytes = await signed(alert, hub.home.alertSigner('ctd-kp'))
    await hub.publish(bytes, KP)
    await hub.settled()
    const read = await hub.get(`/v1/alerts/ctd-kp/${alert.id}`, COORDINATOR)
    expect(read.status).toBe(200)
    expect(read.headers.get('content-type')).toBe(SIGNED_ALERT_TYPE)
    expect(read.bytes).toEqual(bytes)
    const [, index] =
      /^(\d+);bytes=:[A-Za-z0-9+/]+=*:$/.exec(read.headers.get('rabta-record') ?? '') ?? []
    const [record] = await hub.records(Number(index))
    expect(record).toMatchObject({ action: 'READ', outcome: 'ALLOWED', principal: COORDINATOR })
    const headers = { accept: 'application/json' }
    const view = await hub.get(`/v1/alerts/ctd-kp/${alert.id}`, COORDINATOR, { headers })
    expect(view.json).toMatchObject({ origin: 'ctd-kp', id: alert.id, kind: alert.kind })
  })

  test('that is denied cannot be told from one of nothing, and both are recorded', async () => {
    const { id } = await publish({ label: label({ classification: 'SECRET' }) })
    await hub.settled()
    const before = await hub.recordCount()
    const denied = await hub.get(`/v1/alerts/ctd-kp/${id}`, 'ctd-sindh/duty-officer')
    const nothing = await hub.get(
      '/v1/alerts/ctd-kp/00000000-0000-4000-8000-000000000000',
      'ctd-sindh/duty-officer',
    )
    const shown = (answer: Answer) => {
      const { requestId: _, ...body } = answer.json
      const { date: _date, 'x-request-id': _id, ...headers } = Object.fromEntries(answer.headers)
      return { status: answer.status, headers, body }
    }
    expect(denied.status).toBe(404)
    expect(shown(denied)).toEqual(shown(nothing))
    const records = (await hub.records(before)).filter(({ action }) => action === 'READ')
    expect(records.map(({ outcome }) => outcome)).toEqual(['DENIED', 'DENIED'])
    expect(records[0]?.reasons).toEqual(['clearance-too-low', 'outside-jurisdiction'])
    expect(records[1]?.reasons).toEqual(['not-found'])
  })
})

describe('a status', () => {
  test('tells the originator that its alert was routed, and where to', async () => {
    const { id } = await publish()
    await hub.settled()
    const status = await hub.get(`/v1/alerts/ctd-kp/${id}/status`, KP)
    expect(status.json).toMatchObject({
      state: 'routed',
      topics: ['live.alerts.PK.RESTRICTED', 'live.alerts.PK-KP.RESTRICTED'],
    })
  })

  test('tells others nothing, whoever they are', async () => {
    const { id } = await publish()
    const status = await hub.get(`/v1/alerts/ctd-kp/${id}/status`, COORDINATOR)
    expect([status.status, status.json['code']]).toEqual([404, 'not-found'])
  })
})

describe('what is written straight into a topic', () => {
  test('never reaches a reader: another topic’s frame, a changed frame, noise', async () => {
    const { id } = await publish({ label: label({ jurisdictions: ['PK-KP'] }) })
    await hub.settled()
    const { log } = hub.hub.parts
    const home = alertTopic('live', 'PK-KP', 'RESTRICTED')
    const entries = await log.read(home, 0, 1_000)
    const frame = entries.at(-1)?.value ?? new Uint8Array()
    const changed = frame.slice()
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
    const punjab = alertTopic('live', 'PK-PB', 'RESTRICTED')
    await log.append(punjab, [frame])
    await log.append(home, [frame, changed, Uint8Array.of(1, 2, 3)])
    await hub.settled()
    expect(idsOf(await hub.get('/v1/feed?limit=500', 'ctd-punjab/analyst'))).not.toContain(id)
    const own = idsOf(await hub.get('/v1/feed?limit=500', 'ctd-kp/analyst'))
    expect(own.filter((one) => one === id)).toHaveLength(1)
    const whys = hub.alarms.filter(({ what }) => what === 'frame-ignored').map(({ why }) => why)
    expect(whys).toEqual(expect.arrayContaining(['wrong-topic', 'seal-forged', 'frame-malformed']))
  })
})

describe('the directory’s entries', () => {
  test('are a chain to its end, and there is nothing behind it', async () => {
    const { json } = await hub.get('/v1/directory/entries', COORDINATOR)
    const end = await hub.get(`/v1/directory/entries?from=${json['next']}`, COORDINATOR)
    expect([end.status, end.json['entries']]).toEqual([200, []])
    for (const from of [Number(json['next']) + 1, '1e300']) {
      const beyond = await hub.get(`/v1/directory/entries?from=${from}`, COORDINATOR)
      expect([beyond.status, beyond.json['code']]).toEqual([416, 'range-invalid'])
    }
  })
})

describe('an address that is none', () => {
  test.each(['/v1/alerts/%ff/x', `/v1/alerts/${'a'.repeat(300)}/x`])(
    '%s is refused by a problem document, which does not repeat it',
    async (path) => {
      const answer = await hub.request(path, {})
      expect([answer.status, answer.json['code']]).toEqual([400, 'request-invalid'])
      expect(answer.headers.get('content-type')).toContain('application/problem+json')
      expect(Buffer.from(answer.bytes).toString()).not.toContain('alerts')
    },
  )
})

describe('a restart', () => {
  test('changes nothing: the same alerts, the same answers, cursors that go on', async () => {
    const { json } = await hub.get('/v1/feed?from=now', COORDINATOR)
    const alert = sampleAlert()
    const bytes = await signed(alert, hub.home.alertSigner('ctd-kp'))
    const first = await hub.publish(bytes, KP)
    await hub.close()
    await hub.open()
    const again = await hub.publish(bytes, KP)
    expect([again.status, again.json]).toEqual([200, first.json])
    await hub.settled()
    const feed = await hub.get(`/v1/feed?from=${json['next']}`, COORDINATOR)
    expect(idsOf(feed)).toEqual([alert.id])
  })
})
