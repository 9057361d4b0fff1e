import { chmodSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '#adapters/crypto/clock.ts'
import { randomBytes } from '#adapters/crypto/random.ts'
import { clientAssertion } from '#clients/sdk/assertion.ts'
import { SIGNED_ALERT_TYPE } from '#core/envelope.ts'
import { type GatewaySettings, gatewaySettingsFrom } from '#core/gateway-settings.ts'
import { isPrincipalId } from '#core/principal.ts'
import { buildGateway } from '#services/gateway/app.ts'
import { type OpenGateway, openGateway } from '#services/gateway/main.ts'
import { startRedis, type TestRedis, withRedis } from '#tests/containers.ts'
import { sampleAlert } from '#tests/sample-alert.ts'
import { makeTemporaryHome } from '#tests/temporary-home.ts'
import { signed, TestHub } from '#tests/test-hub.ts'

const KP = 'ctd-kp/feed-system'
const COORDINATOR = 'nacta/coordinator'

await withRedis(() => describe('two gateways that share a guard over Redis', sharedGuardTests))

function sharedGuardTests(): void {
  let redis: TestRedis
  let folder: string
  let hub: TestHub
  let second: OpenGateway
  let app: FastifyInstance

  beforeAll(async () => {
    redis = await startRedis()
    folder = mkdtempSync(join(tmpdir(), 'rabta-second-'))
    const settings = settingsFor(redis, folder)
    hub = new TestHub(await makeTemporaryHome())
    // A gateway on another machine: the same keys, views of its own.
    const home = join(folder, 'home')
    cpSync(hub.home.home, home, { recursive: true })
    await hub.open(settings)
    second = await openGateway(home, hub.hub.parts, settings)
    await second.caughtUp()
    app = buildGateway(second.deps, null)
    await hub.token(KP)
    await hub.token(COORDINATOR)
  })
  afterAll(async () => {
    await app?.close()
    await second?.close()
    await hub?.close()
    hub?.home.remove()
    await redis?.stop()
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  })

  /** What the hub's own gateway answers, and what the second. */
  const publishAtFirst = async (bytes: Uint8Array) => {
    const { status, json } = await hub.publish(bytes, KP)
    return { status, body: json }
  }
  const publishAtSecond = async (bytes: Uint8Array) => {
    const answer = await app.inject({
      method: 'POST',
      url: '/v1/alerts',
      payload: Buffer.from(bytes),
      headers: {
        authorization: `Bearer ${await hub.token(KP)}`,
        'content-type': SIGNED_ALERT_TYPE,
      },
    })
    return { status: answer.statusCode, body: answer.json() }
  }
  const makeAlert = async () => {
    const alert = sampleAlert({ precedence: 'ROUTINE' })
    return { id: alert.id, bytes: await signed(alert, hub.home.alertSigner('ctd-kp')) }
  }
  const tokenAtSecond = async (assertion: string) => {
    const { statusCode } = await app.inject({
      method: 'POST',
      url: '/v1/token',
      payload: new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
        scope: 'live',
      }).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    return statusCode
  }
  const makeAssertion = () => {
    if (!isPrincipalId(KP)) throw new RangeError(KP)
    return clientAssertion({
      authentication: hub.home.principalSigner(KP),
      principal: KP,
      audience: `${hub.home.issuer}/v1/token`,
      nowMs: Date.now(),
      random: randomBytes,
    })
  }
  const guardHealth = async () => {
    const { status, json } = await hub.request('/health/ready', {})
    const checks = json['checks'] as readonly { readonly name: string; readonly status: string }[]
    return [status, json['status'], checks.find(({ name }) => name === 'guard')?.status]
  }
  const untilHealthy = async (): Promise<void> => {
    while ((await guardHealth())[1] !== 'ready') await systemClock.sleep(50)
    while (second.deps.guard.state() !== 'working') await systemClock.sleep(50)
  }
  /** How often the coordinator's feed has each of them. */
  const countsInFeed = async (ids: readonly string[]): Promise<readonly number[]> => {
    await hub.settled()
    const items: { id: string }[] = []
    let from = 'earliest'
    for (let isEnd = false; !isEnd; ) {
      const page = await hub.get(`/v1/feed?limit=500&from=${from}`, COORDINATOR)
      items.push(...(page.json['items'] as { id: string }[]))
      from = String(page.json['next'])
      isEnd = Boolean(page.json['isEnd'])
    }
    return ids.map((id) => items.filter((item) => item.id === id).length)
  }

  test('an assertion used at one is used at the other', async () => {
    const assertion = await makeAssertion()
    expect((await hub.askForToken(assertion, 'live')).status).toBe(200)
    expect(await tokenAtSecond(assertion)).toBe(401)
    const other = await makeAssertion()
    expect(await tokenAtSecond(other)).toBe(200)
    expect((await hub.askForToken(other, 'live')).status).toBe(401)
  })

  test('no duplicate reaches a reader though Redis is emptied in mid traffic', async () => {
    const alerts = await Promise.all(Array.from({ length: 40 }, makeAlert))
    const answers = await Promise.all(
      alerts.map(async ({ bytes }, at) => {
        if (at % 10 === 0) await redis.command('flushall')
        return Promise.all([publishAtFirst(bytes), publishAtSecond(bytes)])
      }),
    )
    for (const [first, other] of answers) {
      expect([first.status, other.status].sort()).toEqual([200, 201])
      expect(other.body).toEqual(first.body)
    }
    const counts = await countsInFeed(alerts.map(({ id }) => id))
    expect(counts).toEqual(alerts.map(() => 1))
  })

  test('a mark that Redis lost still holds at the gateway that made it', async () => {
    const assertion = await makeAssertion()
    expect((await hub.askForToken(assertion, 'live')).status).toBe(200)
    await redis.command('flushall')
    expect((await hub.askForToken(assertion, 'live')).status).toBe(401)
  })

  test.each([
    ['is gone', () => redis.kill(), () => redis.start()],
    ['is silent', () => redis.pause(), () => redis.resume()],
  ] as const)(
    'publishing goes on while Redis %s, and limits by a share',
    async (_, leave, back) => {
      await untilHealthy()
      await leave()
      const alerts = await Promise.all(Array.from({ length: 20 }, makeAlert))
      for (const { bytes } of alerts) {
        const [first, other] = [await publishAtFirst(bytes), await publishAtSecond(bytes)]
        expect([first.status, other.status]).toEqual([201, 200])
      }
      expect(await guardHealth()).toEqual([200, 'degraded', 'degraded'])
      const assertion = await makeAssertion()
      expect((await hub.askForToken(assertion, 'live')).status).toBe(200)
      expect((await hub.askForToken(assertion, 'live')).status).toBe(401)
      expect(await countsInFeed(alerts.map(({ id }) => id))).toEqual(alerts.map(() => 1))
      expect(hub.alarms.some(({ what }) => what === 'guard-degraded')).toBe(true)
      await back()
      await untilHealthy()
      expect(await guardHealth()).toEqual([200, 'ready', 'ok'])
    },
  )

  test('a rate is one for both, and half of it for each while Redis is gone', async () => {
    await untilHealthy()
    await redis.command('flushall')
    const rate = { perMinute: 1, burst: 10 }
    const [one, other] = [hub.hub.gateway.deps.guard, second.deps.guard]
    const takenOf = async (guards: readonly (typeof one)[]): Promise<number> => {
      const takes = Array.from({ length: 30 }, (_, at) =>
        guards[at % guards.length]?.take('x', rate),
      )
      return (await Promise.all(takes)).filter((taken) => taken?.allowed).length
    }
    expect(await takenOf([one, other])).toBe(10)
    await redis.kill()
    expect(await takenOf([one])).toBe(5)
    expect(await takenOf([other])).toBe(5)
    await redis.start()
  })
}

const settingsFor = ({ port, password }: TestRedis, folder: string): GatewaySettings => {
  const passwordFile = join(folder, 'redis-password')
  writeFileSync(passwordFile, `${password}\n`)
  chmodSync(passwordFile, 0o600)
  return gatewaySettingsFrom({
    RABTA_GUARD_REDIS_URL: `redis://127.0.0.1:${port}`,
    RABTA_GUARD_REDIS_PASSWORD_FILE: passwordFile,
    RABTA_GUARD_SHARE: '2',
    // A machine that is busy with other tests is not what this is about.
    RABTA_GUARD_ANSWER_MS: '1000',
  })
}
