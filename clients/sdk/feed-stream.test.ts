import { afterEach, beforeEach, expect, test } from 'vitest'
import { HubMisbehaved } from '#clients/sdk/errors.ts'
import { feedPage, feedPages } from '#clients/sdk/feed.ts'
import { type FeedMoment, type FeedStreamOptions, feedStream } from '#clients/sdk/feed-stream.ts'
import { GivenAlerts } from '#clients/sdk/given-alerts.ts'
import { readAlert } from '#clients/sdk/read.ts'
import type { Session } from '#clients/sdk/session.ts'
import type { Alert } from '#core/alert.ts'
import { LIMITS } from '#core/limits.ts'
import { buildGateway } from '#services/gateway/app.ts'
import { CuttingProxy } from '#tests/cutting-proxy.ts'
import { enter } from '#tests/directory-entries.ts'
import { jumpingClock } from '#tests/jumping-clock.ts'
import { agencyId, sampleAlert } from '#tests/sample-alert.ts'
import { failureOf, sessionAt } from '#tests/sdk-session.ts'
import { openTestHub, signed, type TestHub } from '#tests/test-hub.ts'

const KP = 'ctd-kp/feed-system'
const COORDINATOR = 'nacta/coordinator'
let hub: TestHub
let proxy: CuttingProxy
let url: string
let isUp: boolean
let stopping: AbortController

beforeEach(async () => {
  hub = await openTestHub()
  isUp = true
  proxy = new CuttingProxy(() => (isUp ? hub.hub.url : null))
  url = await proxy.open()
  stopping = new AbortController()
})
afterEach(async () => {
  stopping.abort()
  await proxy.close()
  await hub.close()
  hub.home.remove()
})

const publish = async (): Promise<Alert['id']> => {
  const alert = sampleAlert()
  const answer = await hub.publish(await signed(alert, hub.home.alertSigner('ctd-kp')), KP)
  if (answer.status !== 201) throw new Error(String(answer.json['code']))
  return alert.id
}

const stream = (options: FeedStreamOptions = {}, session: Session = reader()) =>
  feedStream(session, { signal: stopping.signal, ...options })

const reader = (): Session => sessionAt(hub, COORDINATOR, { url })

/** The next `count` alerts, by id or fault. */
const next = async (moments: AsyncGenerator<FeedMoment, void>, count: number) => {
  const came: string[] = []
  while (came.length < count) {
    const { value } = await moments.next()
    if (!value) throw new Error(`the stream ended after ${came.length}`)
    const { release } = value
    if (release !== null) came.push(release.ok ? release.alert.id : release.fault)
  }
  return came
}

test('a stream gives what is there, then what comes, each verified', async () => {
  const before = await publish()
  await hub.settled()
  const moments = stream()
  expect(await next(moments, 1)).toEqual([before])
  const later = await publish()
  expect(await next(moments, 1)).toEqual([later])
})

test('what else the session does meanwhile does not disturb it', async () => {
  const session = reader()
  const moments = stream({}, session)
  const ids = [await publish(), await publish()]
  await hub.settled()
  expect(await next(moments, 1)).toEqual(ids.slice(0, 1))
  // Its record comes behind those of the stream, which the hub makes ahead.
  const name = { origin: agencyId('ctd-kp'), id: ids[1] as Alert['id'] }
  expect((await readAlert(session, name)).ok).toBe(true)
  for await (const { isEnd } of feedPages(session)) expect(isEnd).toBe(true)
  expect(await next(moments, 1)).toEqual(ids.slice(1))
})

test('a cut is mended, with nothing lost and nothing twice', async () => {
  const waits: string[] = []
  const moments = stream({ from: 'now', onWait: ({ name }) => waits.push(name) })
  // The first moment is where it stands: what is published now is behind it.
  expect((await moments.next()).value).toMatchObject({ release: null })
  proxy.cut()
  const ids = [await publish()]
  expect(await next(moments, 1)).toEqual(ids)
  for (const _ of Array(3)) {
    const coming = next(moments, 2)
    ids.push(await publish())
    await hub.settled()
    proxy.cut()
    ids.push(await publish())
    expect(await coming).toEqual(ids.slice(-2))
  }
  expect(waits.length).toBeGreaterThanOrEqual(4)
  expect(new Set(waits)).toEqual(new Set(['HubUnreachable']))
}, 20_000)

test('a hub that restarts is waited for', async () => {
  const waits: string[] = []
  const moments = stream({ from: 'now', onWait: ({ message }) => waits.push(message) })
  await moments.next()
  const coming = next(moments, 1)
  isUp = false
  await hub.close()
  await new Promise((resolve) => setTimeout(resolve, 500))
  await hub.open()
  isUp = true
  const id = await publish()
  expect(await coming).toEqual([id])
  expect(waits[0]).toContain('shutdown')
}, 20_000)

test('an expired token is renewed', async () => {
  const clock = jumpingClock()
  const app = buildGateway({ ...hub.hub.gateway.deps, clock }, null)
  try {
    const session = sessionAt(hub, COORDINATOR, {
      url: await app.listen({ host: '127.0.0.1', port: 0 }),
      clock,
    })
    const waits: string[] = []
    const moments = stream({ from: 'now', onWait: ({ message }) => waits.push(message) }, session)
    await moments.next()
    const coming = next(moments, 1)
    clock.jump(LIMITS.tokenLifeMs)
    const id = await publish()
    expect(await coming).toEqual([id])
    expect(waits).toEqual([expect.stringContaining('token-expired')])
    await moments.return()
  } finally {
    await app.close()
  }
})

test('an item that is not what it says is a fault, and the stream goes on', async () => {
  const moments = stream({ from: 'now' })
  await moments.next()
  const named = Buffer.from('"origin":"ctd-kp"')
  proxy.alter = (bytes) => {
    const at = bytes.indexOf(named)
    if (at !== -1) bytes.write('"origin":"ctd-gb"', at)
    return bytes
  }
  await publish()
  expect(await next(moments, 1)).toEqual(['other-alert'])
  proxy.alter = (bytes) => bytes
  const id = await publish()
  expect(await next(moments, 1)).toEqual([id])
})

test('a hub that speaks another language is not listened to', async () => {
  proxy.alter = (bytes) => {
    const at = bytes.indexOf('text/event-stream')
    if (at !== -1) bytes.write('text/plain;charse', at)
    return bytes
  }
  expect(await failureOf(stream().next())).toBeInstanceOf(HubMisbehaved)
})

test('one that cannot be opened is given up: no role, nobody there', async () => {
  const publisher = sessionAt(hub, KP, { url })
  expect(await failureOf(stream({}, publisher).next())).toMatchObject({ code: 'role-missing' })
  const session = reader()
  isUp = false
  proxy.cut()
  const failure = await failureOf(stream({}, session).next())
  expect(failure).toMatchObject({ name: 'HubUnreachable' })
})

test('a reader who is suspended hears it', async () => {
  const moments = stream()
  await moments.next()
  const failure = failureOf(moments.next())
  await enter(hub, hub.home.rootSigner, {
    type: 'AgencyStanding',
    agency: agencyId('nacta'),
    suspended: true,
  })
  expect(await failure).toMatchObject({ name: 'HubRefusal', status: 403 })
})

/** NACTA's coordinator as its administrator enters it: not cleared for the alerts here, or cleared. */
const clear = (clearance: 'UNCLASSIFIED' | 'SECRET') =>
  enter(hub, hub.home.administratorSigner('nacta'), {
    type: 'PrincipalSet',
    agency: agencyId('nacta'),
    principal: reader().principal,
    kind: 'PERSON',
    suspended: false,
    clearance,
    jurisdictions: ['PK', 'PK-KP'],
    caveats: [],
    roles: [{ realm: 'live', role: 'subscriber' }],
  })

test('a reader whose rights widen hears it, in the stream and on the next page', async () => {
  await clear('UNCLASSIFIED')
  const moments = stream({ from: 'now' })
  const begun = (await moments.next()).value
  if (!begun) throw new Error('nothing came')
  expect(begun.widened).toBe(false)
  const missed = await publish()
  await hub.settled()
  await clear('SECRET')
  const told = (await moments.next()).value
  expect(told).toMatchObject({ widened: true, release: null, notice: null })
  // The next sign of life carries a cursor from after it.
  const after = (await moments.next()).value
  if (!after) throw new Error('nothing came')
  const pageFrom = (from: string) => feedPage(reader(), { from })
  expect((await pageFrom(begun.cursor)).widened).toBe(true)
  expect((await pageFrom(after.cursor)).widened).toBe(false)
  const all = await pageFrom('earliest')
  expect(all.items.map((item) => item.ok && item.alert.id)).toEqual([missed])
  const given = new GivenAlerts()
  expect(given.take(all.items)).toEqual(all.items)
  expect(given.take(all.items)).toEqual([])
})

test('who leaves closes the connection, and who aborts ends without an error', async () => {
  const session = reader()
  for (let at = 0; at <= LIMITS.streamsPerPrincipalMax; at += 1) {
    for await (const { release } of stream({}, session)) {
      expect(release).toBeNull()
      break
    }
  }
  const moments = stream({}, session)
  await moments.next()
  const waiting = moments.next()
  stopping.abort()
  expect(await waiting).toEqual({ done: true, value: undefined })
})
