import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createServer } from '#adapters/http/server.ts'
import { FaultyMessageLog } from '#adapters/memory/faulty-message-log.ts'
import { openMemoryLog } from '#adapters/memory/message-log.ts'
import { partsOptions } from '#adapters/process/parts-options.ts'
import { type AccessRecord, decodeAccessRecord } from '#core/access-record.ts'
import type { Alert } from '#core/alert.ts'
import { authorEntry } from '#core/directory/author.ts'
import type { DirectoryChange } from '#core/directory/entry.ts'
import { SIGNED_ALERT_TYPE } from '#core/envelope.ts'
import { type ServiceParts, startParts } from '#core/service-parts.ts'
import { ACCESS_TOPIC, alertTopic, DIRECTORY_TOPIC, intakeTopic } from '#core/topics.ts'
import { gatewayRoutes } from '#services/gateway/app.ts'
import { type OpenGateway, openGateway } from '#services/gateway/main.ts'
import { type OpenRouter, openRouter } from '#services/router/main.ts'
import { agencyId, sampleAlert } from '#tests/sample-alert.ts'
import { makeTemporaryHome, type TemporaryHome } from '#tests/temporary-home.ts'
import { signed } from '#tests/test-hub.ts'

/**
 * Gateway and router over a log whose writes fail as told: a failed write may have happened or not,
 * and each is tested.
 */
const KP = 'ctd-kp/feed-system'
const INTAKE = intakeTopic('live', 'PK-KP')
const FEDERAL = alertTopic('live', 'PK', 'RESTRICTED')

let home: TemporaryHome
let log: FaultyMessageLog
let parts: ServiceParts
let gateway: OpenGateway
let router: OpenRouter
let app: ReturnType<typeof createServer>

beforeEach(async () => {
  home = await makeTemporaryHome()
  log = new FaultyMessageLog(openMemoryLog())
  parts = await startParts(await partsOptions(home.home, log, () => undefined))
  gateway = await openGateway(home.home, parts)
  router = await openRouter(home.home, parts)
  app = createServer({ logTo: null, readiness: [] })
  gatewayRoutes(app, gateway.deps)
})
afterEach(async () => {
  await app.close()
  await router.close()
  await gateway.close()
  await parts.directory.stop()
  await log.close()
  home.remove()
})

const bearer = async (principal: string) => {
  const caller = { principal, realm: 'live' } as Parameters<typeof gateway.deps.tokens.issue>[0]
  return `Bearer ${await gateway.deps.tokens.issue(caller, Date.now(), 60_000)}`
}

const publish = async (payload: Uint8Array) =>
  app.inject({
    method: 'POST',
    url: '/v1/alerts',
    payload: Buffer.from(payload),
    headers: { authorization: await bearer(KP), 'content-type': SIGNED_ALERT_TYPE },
  })

const get = async (url: string, principal: string) =>
  app.inject({ url, headers: { authorization: await bearer(principal) } })

const settled = async () => {
  await gateway.caughtUp()
  await router.followers.caughtUp()
  await gateway.caughtUp()
}

const entriesOf = async (topic: string) => {
  const head = await log.head(topic)
  return head === 0 ? [] : log.read(topic, 0, head)
}

const published = async (alert: Alert): Promise<readonly AccessRecord[]> => {
  const records = (await entriesOf(ACCESS_TOPIC)).map(({ value }) => decodeAccessRecord(value))
  return records.filter(
    (record) => record?.action === 'PUBLISH' && record.alert?.id === alert.id,
  ) as AccessRecord[]
}

const feedIds = async (): Promise<readonly string[]> => {
  const { items } = (await get('/v1/feed?limit=500', 'nacta/coordinator')).json()
  return items.map(({ id }: { id: string }) => id)
}

describe('the record of a publication', () => {
  test('that was not written: 503, nothing is in the intake, and a retry is new', async () => {
    const alert = sampleAlert()
    const bytes = await signed(alert, home.alertSigner('ctd-kp'))
    log.onNextAppend(ACCESS_TOPIC, { kind: 'not-written' })
    const failed = await publish(bytes)
    expect([failed.statusCode, failed.json().code]).toEqual([503, 'log-unavailable'])
    expect([await published(alert), await entriesOf(INTAKE)]).toEqual([[], []])
    expect((await publish(bytes)).statusCode).toBe(201)
  })

  test('that was written but called unknown: 503, no alert, and a retry completes it', async () => {
    const alert = sampleAlert()
    const bytes = await signed(alert, home.alertSigner('ctd-kp'))
    log.onNextAppend(ACCESS_TOPIC, { kind: 'written-but-unknown' })
    const failed = await publish(bytes)
    expect([failed.statusCode, failed.json().code]).toEqual([503, 'outcome-unknown'])
    expect([(await published(alert)).length, (await entriesOf(INTAKE)).length]).toEqual([1, 0])
    expect((await publish(bytes)).statusCode).toBe(201)
    expect((await published(alert)).length).toBe(2)
    await settled()
    expect(await feedIds()).toEqual([alert.id])
  })
})

describe('the frame of a publication', () => {
  test('that was not written: 503 and a record of an alert nobody got; a retry is new', async () => {
    const alert = sampleAlert()
    const bytes = await signed(alert, home.alertSigner('ctd-kp'))
    log.onNextAppend(INTAKE, { kind: 'not-written' })
    expect((await publish(bytes)).statusCode).toBe(503)
    await settled()
    expect(await feedIds()).toEqual([])
    expect((await published(alert)).length).toBe(1)
    expect((await publish(bytes)).statusCode).toBe(201)
  })

  test('that was written but called unknown: the retry gets the first answer, one alert', async () => {
    const alert = sampleAlert()
    const bytes = await signed(alert, home.alertSigner('ctd-kp'))
    log.onNextAppend(INTAKE, { kind: 'written-but-unknown' })
    const failed = await publish(bytes)
    expect([failed.statusCode, failed.json().code]).toEqual([503, 'outcome-unknown'])
    await settled()
    const again = await publish(bytes)
    expect(again.statusCode).toBe(200)
    expect(again.json().record.index).toBe(0)
    await settled()
    expect(await feedIds()).toEqual([alert.id])
  })
})

describe('the router', () => {
  test.each(['not-written', 'written-but-unknown'] as const)(
    'routes again what was %s, and the reader gets it once',
    async (kind) => {
      const alert = sampleAlert()
      log.onNextAppend(FEDERAL, { kind })
      await publish(await signed(alert, home.alertSigner('ctd-kp')))
      await settled()
      expect(await feedIds()).toEqual([alert.id])
      expect((await entriesOf(FEDERAL)).length).toBe(kind === 'not-written' ? 1 : 2)
    },
  )
})

describe('the records of a release', () => {
  test.each(['not-written', 'written-but-unknown'] as const)(
    'that were %s: 503 and not one byte of an alert',
    async (kind) => {
      const alert = sampleAlert()
      await publish(await signed(alert, home.alertSigner('ctd-kp')))
      await settled()
      log.onNextAppend(ACCESS_TOPIC, { kind })
      const feed = await get('/v1/feed', 'nacta/coordinator')
      expect([feed.statusCode, feed.json().code]).toEqual([503, 'record-not-durable'])
      expect(feed.body).not.toContain('signedAlert')
      log.onNextAppend(ACCESS_TOPIC, { kind })
      const read = await get(`/v1/alerts/ctd-kp/${alert.id}`, 'nacta/coordinator')
      expect([read.statusCode, read.json().code]).toEqual([503, 'record-not-durable'])
      expect(await feedIds()).toEqual([alert.id])
    },
  )

  test('that take too long: 503 after two seconds, and not one byte', async () => {
    const alert = sampleAlert()
    await publish(await signed(alert, home.alertSigner('ctd-kp')))
    await settled()
    const slow = Promise.withResolvers<void>()
    log.onNextAppend(ACCESS_TOPIC, { kind: 'delayed', until: slow.promise })
    const startedAtMs = performance.now()
    const feed = await get('/v1/feed', 'nacta/coordinator')
    expect([feed.statusCode, feed.json().code]).toEqual([503, 'record-not-durable'])
    expect(performance.now() - startedAtMs).toBeGreaterThan(1_900)
    slow.resolve()
  })

  test('a refusal whose record fails is not answered as a refusal', async () => {
    log.onNextAppend(ACCESS_TOPIC, { kind: 'not-written' })
    const id = '00000000-0000-4000-8000-000000000000'
    const read = await get(`/v1/alerts/ctd-kp/${id}`, 'ctd-sindh/analyst')
    expect(read.statusCode).toBe(503)
  })
})

describe('a reader whose rights end while the record is written', () => {
  test('gets nothing: the record stays, the bytes do not go', async () => {
    const alert = sampleAlert()
    await publish(await signed(alert, home.alertSigner('ctd-kp')))
    await settled()
    const slow = Promise.withResolvers<void>()
    log.onNextAppend(ACCESS_TOPIC, { kind: 'delayed', until: slow.promise })
    const reading = get(`/v1/alerts/ctd-kp/${alert.id}`, 'nacta/coordinator')
    await new Promise((resolve) => setTimeout(resolve, 200))
    await suspendNacta()
    slow.resolve()
    expect((await reading).statusCode).toBe(404)
    const last = (await entriesOf(ACCESS_TOPIC))
      .map(({ value }) => decodeAccessRecord(value))
      .at(-1)
    expect(last).toMatchObject({ action: 'READ', outcome: 'ALLOWED' })
  })
})

describe('what changes while the records are written', () => {
  const readWhile = async (alert: Alert, change: () => Promise<void>) => {
    await publish(await signed(alert, home.alertSigner('ctd-kp')))
    await settled()
    const slow = Promise.withResolvers<void>()
    log.onNextAppend(ACCESS_TOPIC, { kind: 'delayed', until: slow.promise })
    const reading = get('/v1/feed', 'nacta/coordinator')
    await change()
    slow.resolve()
    return reading
  }

  test('the policy: nothing goes by one that is active no longer', async () => {
    const answer = await readWhile(sampleAlert(), async () => {
      await new Promise((resolve) => setTimeout(resolve, 200))
      await enter({ type: 'PolicyActivated', digest: new Uint8Array(32) })
    })
    expect([answer.statusCode, answer.json().code]).toEqual([503, 'policy-not-active'])
  })

  test('the time: an alert that has expired meanwhile does not go', async () => {
    const alert = sampleAlert({ expiresAtMs: Date.now() + 1_000 })
    const answer = await readWhile(alert, async () => {
      await new Promise((resolve) => setTimeout(resolve, 1_200))
    })
    expect([answer.statusCode, answer.json().items]).toEqual([200, []])
    expect((await entriesOf(ACCESS_TOPIC)).length).toBe(2)
  })
})

const suspendNacta = (): Promise<void> =>
  enter({ type: 'AgencyStanding', agency: agencyId('nacta'), suspended: true })

/** Enters a change that is the root's to make. */
const enter = async (change: DirectoryChange): Promise<void> => {
  const by = { signers: [home.rootSigner], enteredAtMs: Date.now(), sha256: parts.sha256 }
  const { bytes } = await authorEntry(parts.directory.state, change, by)
  await log.append(DIRECTORY_TOPIC, [bytes])
  await parts.directory.catchUp()
}
