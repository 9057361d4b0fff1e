import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '#adapters/crypto/clock.ts'
import type { AccessRecord } from '#core/access-record.ts'
import type { Alert } from '#core/alert.ts'
import { fromBase64 } from '#core/bytes.ts'
import type { PrincipalSet } from '#core/directory/entry.ts'
import { LIMITS } from '#core/limits.ts'
import { LogUnavailable } from '#core/ports/message-log.ts'
import type { Caller } from '#core/ports/tokens.ts'
import { ACCESS_TOPIC } from '#core/topics.ts'
import { buildGateway } from '#services/gateway/app.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { enter } from '#tests/directory-entries.ts'
import { agencyId, sampleAlert } from '#tests/sample-alert.ts'
import { StreamReader } from '#tests/stream-reader.ts'
import { openTestHub, signed, type TestHub } from '#tests/test-hub.ts'

const KP = 'ctd-kp/feed-system'
const COORDINATOR = 'nacta/coordinator'
let hub: TestHub
let opened: StreamReader[]
let gateways: FastifyInstance[]

beforeEach(async () => {
  hub = await openTestHub()
  opened = []
  gateways = []
})
afterEach(async () => {
  for (const reader of opened) reader.cut()
  for (const gateway of gateways) await gateway.close()
  await hub.close()
  hub.home.remove()
})

const open = async (
  principal: string,
  {
    query = '?from=now',
    headers = {},
    url = hub.hub.url ?? '',
  }: { query?: string; headers?: Record<string, string>; url?: string } = {},
): Promise<StreamReader> => {
  const authorization = `Bearer ${await hub.token(principal)}`
  const address = `${url}/v1/feed/stream${query}`
  const reader = await StreamReader.open(address, { authorization, ...headers })
  opened.push(reader)
  return reader
}

const resume = (principal: string, lastId: string | null, query = '') =>
  open(principal, { query, headers: { 'last-event-id': lastId ?? '' } })

/** A gateway of the same hub, with some of its parts other. */
const gatewayWith = async (parts: Partial<GatewayDeps>): Promise<string> => {
  const app = buildGateway({ ...hub.hub.gateway.deps, ...parts }, null)
  gateways.push(app)
  return app.listen({ host: '127.0.0.1', port: 0 })
}

/** A clock that a test can set forward. */
const jumpingClock = () => {
  let jumpedMs = 0
  return {
    ...systemClock,
    nowMs: () => Date.now() + jumpedMs,
    monotonicMs: () => performance.now() + jumpedMs,
    jump: (ms: number) => {
      jumpedMs += ms
    },
  }
}

const publish = async (changes: Partial<Alert> = {}): Promise<string> => {
  const alert = sampleAlert(changes)
  const answer = await hub.publish(await signed(alert, hub.home.alertSigner('ctd-kp')), KP)
  if (answer.status !== 201) throw new Error(String(answer.json['code']))
  return alert.id
}

/** In no certain order. */
const publishAtOnce = (count: number, changes: Partial<Alert>): Promise<readonly string[]> =>
  Promise.all(Array.from({ length: count }, () => publish(changes)))

const publishMany = async (count: number) => {
  const ids: string[] = []
  for (let at = 0; at < count; at += 1) ids.push(await publish())
  return ids
}

const releasesTo = async (principal: string): Promise<readonly AccessRecord[]> =>
  (await hub.records()).filter((one) => one.action === 'RELEASE' && one.principal === principal)

const principalOf = (text: string, changes: Partial<PrincipalSet> = {}): PrincipalSet => ({
  type: 'PrincipalSet',
  agency: agencyId(text.split('/')[0] ?? ''),
  principal: text as PrincipalSet['principal'],
  kind: 'PERSON',
  suspended: false,
  clearance: 'SECRET',
  jurisdictions: ['PK', 'PK-KP'],
  caveats: [],
  roles: [{ realm: 'live', role: 'subscriber' }],
  ...changes,
})

const setCoordinator = (changes: Partial<PrincipalSet>): Promise<void> =>
  enter(hub, hub.home.administratorSigner('nacta'), principalOf(COORDINATOR, changes))

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe('a live stream', () => {
  test('gives what is there, then what comes, each with its record in the topic', async () => {
    const before = [await publish(), await publish()]
    await hub.settled()
    const reader = await open(COORDINATOR, { query: '' })
    expect(reader.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'private, no-store',
      'x-content-type-options': 'nosniff',
    })
    await reader.until(({ alertIds }) => alertIds.length === 2)
    const later = await publish()
    await reader.until(({ alertIds }) => alertIds.length === 3)
    expect(reader.alertIds).toEqual([...before, later])
    for (const { data } of reader.events) {
      const given = data['record'] as { index: number; bytes: string }
      const [entry] = await hub.hub.parts.log.read(ACCESS_TOPIC, given.index, 1)
      expect(fromBase64(given.bytes)).toEqual(entry?.value)
      const [record] = await hub.records(given.index)
      expect(record).toMatchObject({ action: 'RELEASE', principal: COORDINATOR })
      expect(record?.alert?.id).toBe(data['id'])
    }
  })

  test('gives an item of the same form as a page does', async () => {
    await publish()
    await hub.settled()
    const reader = await open(COORDINATOR, { query: '?from=earliest' })
    await reader.until(({ alertIds }) => alertIds.length === 1)
    const page = await hub.get('/v1/feed', COORDINATOR)
    const [item] = page.json['items'] as readonly Record<string, unknown>[]
    expect({ ...reader.events[0]?.data, record: null }).toEqual({ ...item, record: null })
  })

  test('goes on behind a cut, with nothing lost and nothing twice', async () => {
    const ids = await publishMany(5)
    await hub.settled()
    const first = await open(COORDINATOR, { query: '?from=earliest' })
    await first.until(({ alertIds }) => alertIds.length === 5)
    first.cut()
    ids.push(...(await publishMany(3)))
    // Resumed in the middle of what had come, and from where it once began: the id wins.
    const second = await resume(COORDINATOR, first.events[2]?.id ?? '', '?from=earliest')
    await second.until(({ alertIds }) => alertIds.length === 5)
    ids.push(await publish())
    await second.until(({ alertIds }) => alertIds.length === 6)
    expect([...first.alertIds.slice(0, 3), ...second.alertIds]).toEqual(ids)
  })

  test('tells where it is before anything came, so that a cut then loses nothing', async () => {
    const first = await open(COORDINATOR)
    await first.until(({ lastId }) => lastId !== null)
    first.cut()
    const id = await publish()
    await hub.settled()
    const second = await resume(COORDINATOR, first.lastId, '?from=now')
    await second.until(({ alertIds }) => alertIds.length === 1)
    expect(second.alertIds).toEqual([id])
  })

  test('begins where a page ended, and a page goes on where it ended', async () => {
    const now = await hub.get('/v1/feed?from=now', COORDINATOR)
    const first = await publish()
    const reader = await open(COORDINATOR, { query: `?from=${now.json['next']}` })
    await reader.until(({ alertIds }) => alertIds.includes(first))
    reader.cut()
    const second = await publish()
    await hub.settled()
    const page = await hub.get(`/v1/feed?from=${reader.lastId}`, COORDINATOR)
    expect(page.json['items']).toMatchObject([{ id: second }])
  })

  test('gives only what the filter asks and the label allows, and records nothing else', async () => {
    const reader = await open('ctd-sindh/duty-officer', { query: '?from=now&precedence=FLASH' })
    const label = { ...sampleAlert().label, jurisdictions: ['PK-SD'] } as const
    await publish({ precedence: 'FLASH' })
    await publish({ label })
    const id = await publish({ label, precedence: 'FLASH' })
    await reader.until(({ alertIds }) => alertIds.length > 0)
    await pause(200)
    expect(reader.alertIds).toEqual([id])
    expect(await releasesTo('ctd-sindh/duty-officer')).toHaveLength(1)
  })

  test('gives a sign of life, which a reader can resume from', async () => {
    const clock = jumpingClock()
    const url = await gatewayWith({ clock })
    const reader = await open(COORDINATOR, { url })
    await reader.until(({ heartbeats }) => heartbeats === 1)
    clock.jump(LIMITS.heartbeatMs - 1_000)
    await pause(2 * LIMITS.streamCheckMs)
    expect(reader.heartbeats).toBe(1)
    clock.jump(1_000)
    await reader.until(({ heartbeats }) => heartbeats === 2)
    const again = await resume(COORDINATOR, reader.lastId)
    expect(again.status).toBe(200)
  })

  test('passes over what its reader may not read; wider rights do not turn it back', async () => {
    await setCoordinator({ clearance: 'UNCLASSIFIED' })
    const reader = await open(COORDINATOR)
    const id = await publish()
    await hub.settled()
    await pause(200)
    await setCoordinator({ clearance: 'SECRET' })
    const next = await publish()
    await reader.until(({ alertIds }) => alertIds.length > 0)
    expect(reader.alertIds).toEqual([next])
    const all = await open(COORDINATOR, { query: '?from=earliest' })
    await all.until(({ alertIds }) => alertIds.length === 2)
    expect(all.alertIds).toEqual([id, next])
  })
})

describe('a stream ends', () => {
  test('when the token expires', async () => {
    const clock = jumpingClock()
    const reader = await open(COORDINATOR, { url: await gatewayWith({ clock }) })
    clock.jump(LIMITS.tokenLifeMs)
    await reader.closed(1_000)
    expect(reader.endReason).toBe('token-expired')
  })

  test.each([
    ['suspended', { suspended: true }],
    ['role-missing', { roles: [] }],
  ])(
    'within a second when the reader is out: %s, and gives nothing after it',
    async (why, change) => {
      const reader = await open(COORDINATOR)
      const before = await publish()
      await reader.until(({ alertIds }) => alertIds.length === 1)
      const startedAtMs = performance.now()
      await setCoordinator(change)
      await publish()
      await reader.closed(1_000)
      expect((reader.closedAtMs ?? 0) - startedAtMs).toBeLessThan(1_000)
      expect([reader.endReason, reader.alertIds]).toEqual([why, [before]])
      await hub.settled()
      expect(await releasesTo(COORDINATOR)).toHaveLength(1)
      const again = await resume(COORDINATOR, reader.lastId)
      expect(again.status).toBe(403)
    },
  )

  test('when the directory is stale, before two and a half seconds', async () => {
    const reader = await open(COORDINATOR)
    await reader.until(({ heartbeats }) => heartbeats === 1)
    const { directory } = hub.hub.parts
    const startedAtMs = performance.now()
    directory.catchUp = () => Promise.reject(new LogUnavailable('cut off'))
    await reader.closed(4_000)
    expect((reader.closedAtMs ?? 0) - startedAtMs).toBeLessThan(2_500)
    expect(reader.endReason).toBe('directory-stale')
  })

  test('when a record cannot be made durable, with not one byte of that alert', async () => {
    const { accessLog } = hub.hub.gateway.deps
    const append: typeof accessLog.append = async (drafts) => {
      if (drafts.length > 0) throw new LogUnavailable('cut off')
      return []
    }
    const url = await gatewayWith({ accessLog: { append } })
    const reader = await open(COORDINATOR, { url })
    await publish()
    await reader.closed()
    expect([reader.endReason, reader.alertIds]).toEqual(['record-not-durable', []])
  })

  test('without the alert when the rights end while its record is written', async () => {
    const slow = Promise.withResolvers<void>()
    const { accessLog } = hub.hub.gateway.deps
    const append: typeof accessLog.append = async (drafts) => {
      const written = await accessLog.append(drafts)
      if (drafts.length > 0) await slow.promise
      return written
    }
    const reader = await open(COORDINATOR, { url: await gatewayWith({ accessLog: { append } }) })
    await publish()
    await hub.settled()
    while ((await releasesTo(COORDINATOR)).length === 0) await pause(10)
    await setCoordinator({ suspended: true })
    slow.resolve()
    await reader.closed()
    expect([reader.endReason, reader.alertIds]).toEqual(['suspended', []])
  })

  test('at a shutdown, at once, also where the reader takes nothing', async () => {
    const readers = [await open(COORDINATOR), await open('nacta/liaison')]
    readers[1]?.pause()
    await readers[0]?.until(({ heartbeats }) => heartbeats === 1)
    const startedAtMs = performance.now()
    await hub.hub.app.close()
    expect(performance.now() - startedAtMs).toBeLessThan(1_000)
    await readers[0]?.closed()
    expect(readers[0]?.endReason).toBe('shutdown')
  })
})

describe('a reader that is slow', () => {
  /** Some 100 KiB on the wire: sockets' own buffers hold few of them. */
  const large: Partial<Alert> = {
    texts: (['en', 'ur'] as const).map((language) => ({
      language,
      headline: 'Invented',
      narrative: 'ب'.repeat(20_000),
    })),
  }
  const COUNT = 150

  test('holds up nobody, has little recorded ahead, and gets all once it reads', async () => {
    const [slow, quick] = [await open(COORDINATOR), await open('nacta/liaison')]
    await slow.until(({ heartbeats }) => heartbeats === 1)
    slow.pause()
    const ids = await publishAtOnce(COUNT, large)
    await quick.until(({ alertIds }) => alertIds.length === COUNT, 10_000)
    expect([...quick.alertIds].sort()).toEqual([...ids].sort())
    const recorded = (await releasesTo(COORDINATOR)).length
    expect(recorded).toBeLessThan(COUNT - LIMITS.streamRecordedAheadMax)
    await pause(300)
    expect(await releasesTo(COORDINATOR)).toHaveLength(recorded)
    slow.resume()
    await slow.until(({ alertIds }) => alertIds.length === COUNT, 10_000)
    expect(slow.alertIds).toEqual(quick.alertIds)
  }, 30_000)

  test('is cut off when it takes nothing for long, or has lost its rights', async () => {
    const clock = jumpingClock()
    const url = await gatewayWith({ clock })
    const [stalled, suspended] = [await open('nacta/liaison', { url }), await open(COORDINATOR)]
    for (const reader of [stalled, suspended]) {
      await reader.until(({ heartbeats }) => heartbeats === 1)
      reader.pause()
    }
    await publishAtOnce(COUNT, large)
    await hub.settled()
    await setCoordinator({ suspended: true })
    await pause(2 * LIMITS.streamCheckMs)
    clock.jump(LIMITS.streamStallMsMax)
    await pause(2 * LIMITS.streamCheckMs)
    for (const reader of [stalled, suspended]) {
      reader.resume()
      await reader.closed()
      expect(reader.endReason).toBeNull()
      expect(reader.alertIds.length).toBeLessThan(COUNT)
    }
  }, 30_000)
})

describe('a stream is refused', () => {
  test('to one who is no subscriber, or is suspended, and says so', async () => {
    const publisher = await open(KP)
    await publisher.closed()
    expect([publisher.status, JSON.parse(publisher.body).code]).toEqual([403, 'role-missing'])
    await hub.token(COORDINATOR)
    await setCoordinator({ suspended: true })
    const suspended = await open(COORDINATOR)
    await suspended.closed()
    const { code, reasons } = JSON.parse(suspended.body)
    expect([suspended.status, code, reasons]).toEqual([403, 'not-permitted', ['suspended']])
  })

  test('for what it cannot be', async () => {
    for (const [what, query, headers, status] of [
      ['a cursor that is none', '', { 'last-event-id': 'yesterday' }, 400],
      ['an empty one', '', { 'last-event-id': '' }, 400],
      ['a filter that is none', '?precedence=SLOW', {}, 400],
      ['a limit, which only pages have', '?limit=5', {}, 400],
      ['another media type', '', { accept: 'application/json' }, 406],
      ['no token', '', { authorization: '' }, 401],
    ] as const) {
      const reader = await open(COORDINATOR, { query, headers: { ...headers } })
      expect([what, reader.status]).toEqual([what, status])
    }
    const authorization = `Bearer ${await hub.token(COORDINATOR)}`
    const init = { method: 'HEAD', headers: { authorization } }
    expect((await fetch(`${hub.hub.url}/v1/feed/stream`, init)).status).toBe(404)
  })

  test('to one principal past its bound, until it closes one', async () => {
    const readers: StreamReader[] = []
    for (let at = 0; at < LIMITS.streamsPerPrincipalMax; at += 1) {
      readers.push(await open(COORDINATOR))
    }
    const refused = await open(COORDINATOR)
    await refused.closed()
    expect([refused.status, JSON.parse(refused.body).code]).toEqual([429, 'streams-too-many'])
    expect(refused.headers['retry-after']).toBe('1')
    expect((await open('nacta/liaison')).status).toBe(200)
    readers[0]?.cut()
    await pause(100)
    expect((await open(COORDINATOR)).status).toBe(200)
  })
})

test('a thousand streams each get an alert that is published then', async () => {
  const administrator = hub.home.administratorSigner('nacta')
  const callers: Caller[] = []
  for (let at = 0; at * LIMITS.streamsPerPrincipalMax < 1_000; at += 1) {
    const principal = `nacta/reader-${at}` as PrincipalSet['principal']
    callers.push({ principal, realm: 'live' })
    await enter(hub, administrator, principalOf(principal))
  }
  const { tokens } = hub.hub.gateway.deps
  const issued = callers.map((one) => tokens.issue(one, Date.now(), LIMITS.tokenLifeMs))
  const address = `${hub.hub.url}/v1/feed/stream?from=now`
  for (const token of await Promise.all(issued)) {
    const headers = { authorization: `Bearer ${token}` }
    const eight = Array.from({ length: 8 }, () => StreamReader.open(address, headers))
    opened.push(...(await Promise.all(eight)))
  }
  expect(opened.filter(({ status }) => status === 200)).toHaveLength(1_000)
  const id = await publish()
  await Promise.all(opened.map((one) => one.until(({ alertIds }) => alertIds.length > 0)))
  expect(opened.every(({ alertIds }) => alertIds.length === 1 && alertIds[0] === id)).toBe(true)
  const records = (await hub.records()).filter(({ action }) => action === 'RELEASE')
  expect(records).toHaveLength(1_000)
}, 20_000)
