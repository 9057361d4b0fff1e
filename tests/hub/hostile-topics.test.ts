import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createServer } from '#adapters/http/server.ts'
import { openMemoryLog } from '#adapters/memory/message-log.ts'
import { partsOptions } from '#adapters/process/parts-options.ts'
import type { Alert } from '#core/alert.ts'
import { encodeSingleObject } from '#core/avro/single-object.ts'
import { frameCodec } from '#core/codecs.ts'
import { SIGNED_ALERT_TYPE } from '#core/envelope.ts'
import { encodeStamp, frameFrom } from '#core/frame.ts'
import { LIMITS } from '#core/limits.ts'
import type { MessageLog } from '#core/ports/message-log.ts'
import { type ServiceParts, startParts } from '#core/service-parts.ts'
import { ACCESS_TOPIC, alertTopic, intakeTopic } from '#core/topics.ts'
import { gatewayReadiness, gatewayRoutes } from '#services/gateway/app.ts'
import { type OpenGateway, openGateway } from '#services/gateway/main.ts'
import { type OpenRouter, openRouter } from '#services/router/main.ts'
import { sampleAlert } from '#tests/sample-alert.ts'
import { makeTemporaryHome, type TemporaryHome } from '#tests/temporary-home.ts'
import { signed } from '#tests/test-hub.ts'

/** What may write into topics and holds no key at all must not stop more than the one topic. */
const KP = 'ctd-kp/feed-system'
const COORDINATOR = 'nacta/coordinator'
const INTAKE = intakeTopic('live', 'PK-KP')
const FEDERAL = alertTopic('live', 'PK', 'RESTRICTED')

let home: TemporaryHome
let log: MessageLog
let parts: ServiceParts
let gateway: OpenGateway
let router: OpenRouter | null
let app: ReturnType<typeof createServer>

beforeEach(async () => {
  home = await makeTemporaryHome()
  log = openMemoryLog()
  parts = await startParts(await partsOptions(home.home, log, () => undefined))
  await open()
})
afterEach(async () => {
  await close()
  await parts.directory.stop()
  await log.close()
  home.remove()
})

const open = async () => {
  gateway = await openGateway(home.home, parts)
  router = null
  app = createServer({ logTo: null, readiness: gatewayReadiness(gateway.deps) })
  gatewayRoutes(app, gateway.deps)
}

const close = async () => {
  await app.close()
  await router?.close()
  await gateway.close()
}

const bearer = async (principal: string) => {
  const caller = { principal, realm: 'live' } as Parameters<typeof gateway.deps.tokens.issue>[0]
  return `Bearer ${await gateway.deps.tokens.issue(caller, Date.now(), 60_000)}`
}

const publish = async (changes: Partial<Alert> = {}) => {
  const alert = sampleAlert(changes)
  const payload = Buffer.from(await signed(alert, home.alertSigner('ctd-kp')))
  const headers = { authorization: await bearer(KP), 'content-type': SIGNED_ALERT_TYPE }
  const answer = await app.inject({ method: 'POST', url: '/v1/alerts', payload, headers })
  return { id: alert.id, answer }
}

const feed = async () => {
  const url = '/v1/feed?limit=500'
  return app.inject({ url, headers: { authorization: await bearer(COORDINATOR) } })
}

const feedIds = async (): Promise<readonly string[]> =>
  (await feed()).json().items.map(({ id }: { id: string }) => id)

/** A frame that names a seal key nobody has; all of it is made of what anyone can read or invent. */
const underUnknownKey = async (): Promise<Uint8Array> => {
  const { answer } = await publish()
  expect(answer.statusCode).toBe(201)
  const [entry] = await log.read(INTAKE, 0, 1)
  const frame = entry && frameFrom(entry.value)
  if (!frame) throw new Error('no frame')
  const { nonce, ciphertext, sealKeyId } = frame
  const text = `live.TOP_SECRET.${sealKeyId.month}.9999`
  const stamp = encodeStamp(frame.stamp)
  return encodeSingleObject(frameCodec, { stamp, sealKeyId: text, nonce, ciphertext })
}

const soon = async (done: () => Promise<boolean>): Promise<void> => {
  for (let tries = 0; tries < 100 && !(await done()); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

describe('a router that comes back', () => {
  test('routes more than one append may hold', async () => {
    const narrative = 'ابجد '.repeat(4_000)
    const texts = ['en', 'ur', 'ps', 'sd', 'pa', 'bal'].map((language) => ({
      language,
      headline: 'Invented',
      narrative,
    }))
    const count = Math.ceil(LIMITS.appendBatchBytesMax / 200_000) + 1
    const ids: string[] = []
    for (let made = 0; made < count; made += 1) {
      const { id, answer } = await publish({ texts })
      expect(answer.statusCode).toBe(201)
      ids.push(id)
    }
    router = await openRouter(home.home, parts)
    await soon(async () => (await log.head(FEDERAL)) >= count)
    expect(await log.head(FEDERAL)).toBe(count)
    expect([...router.followers.trouble()]).toEqual([])
  })
})

describe('a frame under a seal key that nobody has', () => {
  test('does not hold back what came before it', async () => {
    const frame = await underUnknownKey()
    await log.append(INTAKE, [frame])
    router = await openRouter(home.home, parts)
    await soon(async () => (await log.head(FEDERAL)) > 0)
    await gateway.caughtUp()
    expect(await feedIds()).toHaveLength(1)
    expect([...router.followers.trouble().keys()]).toEqual([INTAKE])
  })

  test('does not keep a gateway from starting, which then says what stands still', async () => {
    const frame = await underUnknownKey()
    const secret = alertTopic('live', 'PK-SD', 'SECRET')
    await log.append(secret, [frame])
    await close()
    await open()
    const late = new Promise((resolve) => setTimeout(resolve, 3_000, 'late'))
    expect(await Promise.race([gateway.caughtUp(), late])).toBeUndefined()
    const ready = await app.inject({ url: '/health/ready' })
    expect([ready.statusCode, ready.body]).toEqual([503, expect.stringContaining(secret)])
    router = await openRouter(home.home, parts)
    await soon(async () => (await log.head(FEDERAL)) > 0)
    await gateway.caughtUp()
    expect(await feedIds()).toHaveLength(1)
  })

  test('lets no publication into its topic, and no record of one', async () => {
    await log.append(INTAKE, [await underUnknownKey()])
    await gateway.caughtUp()
    const before = await Promise.all([log.head(ACCESS_TOPIC), log.head(INTAKE)])
    const startedAtMs = performance.now()
    const { answer } = await publish()
    expect([answer.statusCode, answer.json().code]).toEqual([503, 'catching-up'])
    expect(performance.now() - startedAtMs).toBeLessThan(2_000)
    expect(await Promise.all([log.head(ACCESS_TOPIC), log.head(INTAKE)])).toEqual(before)
  })
})
