import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '#adapters/crypto/clock.ts'
import { randomBytes } from '#adapters/crypto/random.ts'
import { createServer } from '#adapters/http/server.ts'
import { openMemoryLog } from '#adapters/memory/message-log.ts'
import { partsOptions } from '#adapters/process/parts-options.ts'
import { clientAssertion } from '#clients/sdk/assertion.ts'
import { decodeAccessRecord } from '#core/access-record.ts'
import { SIGNED_ALERT_TYPE } from '#core/envelope.ts'
import type { MessageLog } from '#core/ports/message-log.ts'
import { isPrincipalId } from '#core/principal.ts'
import { type ServiceParts, startParts } from '#core/service-parts.ts'
import { ACCESS_TOPIC } from '#core/topics.ts'
import { auditRoutes } from '#services/audit/app.ts'
import { type OpenAudit, openAudit } from '#services/audit/main.ts'
import { gatewayRoutes } from '#services/gateway/app.ts'
import { type OpenGateway, openGateway } from '#services/gateway/main.ts'
import { type OpenRouter, openRouter } from '#services/router/main.ts'
import { sampleAlert } from '#tests/sample-alert.ts'
import { makeTemporaryHome, type TemporaryHome } from '#tests/temporary-home.ts'
import { signed } from '#tests/test-hub.ts'

/**
 * A hub whose wall clock is set forward and back under it, as a faulty time server does; its
 * monotonic clock goes on. Clients keep the right time.
 */
const MINUTE_MS = 60_000
const KP = 'ctd-kp/feed-system'
const READER = 'nacta/coordinator'
const AUDITOR = 'ctd-kp/security-officer'

let home: TemporaryHome
let log: MessageLog
let parts: ServiceParts
let audit: OpenAudit
let gateway: OpenGateway
let router: OpenRouter
let app: ReturnType<typeof createServer>
let aheadMs: number

beforeEach(async () => {
  home = await makeTemporaryHome()
  log = openMemoryLog()
  aheadMs = 0
  const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + aheadMs }
  parts = await startParts({ ...(await partsOptions(home.home, log, () => undefined)), clock })
  audit = await openAudit(home.home, parts)
  gateway = await openGateway(home.home, parts)
  router = await openRouter(home.home, parts)
  app = createServer({ logTo: null, readiness: [] })
  gatewayRoutes(app, gateway.deps)
  auditRoutes(app, audit.deps)
})
afterEach(async () => {
  await app.close()
  await router.close()
  await gateway.close()
  await audit.close()
  await parts.directory.stop()
  await log.close()
  home.remove()
})

/** A token as a client gets it whose own clock is `offMs` from the right time. */
const askForToken = async (principal: string, offMs = 0) => {
  if (!isPrincipalId(principal)) throw new RangeError(principal)
  const assertion = await clientAssertion({
    authentication: home.principalSigner(principal),
    principal,
    audience: `${home.issuer}/v1/token`,
    nowMs: Date.now() + offMs,
    random: randomBytes,
  })
  return app.inject({
    method: 'POST',
    url: '/v1/token',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams({
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
      scope: 'live',
    }).toString(),
  })
}

const tokenOf = async (principal: string, offMs = 0): Promise<string> =>
  `Bearer ${(await askForToken(principal, offMs)).json().access_token}`

const publish = async (authorization: string, sentAtMs: number) =>
  app.inject({
    method: 'POST',
    url: '/v1/alerts',
    payload: Buffer.from(await signed(sampleAlert({ sentAtMs }), home.alertSigner('ctd-kp'))),
    headers: { authorization, 'content-type': SIGNED_ALERT_TYPE },
  })

const feed = (authorization: string) =>
  app.inject({ url: '/v1/feed?from=earliest', headers: { authorization } })

const settled = async (): Promise<void> => {
  await gateway.caughtUp()
  await router.followers.caughtUp()
  await gateway.caughtUp()
  await audit.caughtUp()
}

test('set forward by ten minutes, tokens are over and clients in time are told by a code', async () => {
  const early = await tokenOf(KP)
  expect((await publish(early, Date.now())).statusCode).toBe(201)
  aheadMs = 10 * MINUTE_MS + 1_000
  expect((await publish(early, Date.now())).json().code).toBe('not-authenticated')
  expect((await askForToken(KP)).json().code).toBe('assertion-invalid')
  const late = await tokenOf(KP, aheadMs)
  expect((await publish(late, Date.now())).json().code).toBe('sent-at-absurd')
  expect((await publish(late, Date.now() + aheadMs)).statusCode).toBe(201)
})

test('set back by ten minutes, tokens of the time before are from the future and refused', async () => {
  aheadMs = 10 * MINUTE_MS
  const ahead = await tokenOf(READER, aheadMs)
  expect((await feed(ahead)).statusCode).toBe(200)
  aheadMs = 0
  expect((await feed(ahead)).json().code).toBe('not-authenticated')
  expect((await feed(await tokenOf(READER))).statusCode).toBe(200)
})

test('through jumps to and fro every record is in the log, searched and proven', async () => {
  const [kp, auditor] = [KP, AUDITOR]
  for (const jumpMs of [0, 10 * MINUTE_MS, -10 * MINUTE_MS, 0]) {
    aheadMs = jumpMs
    const authorization = await tokenOf(kp, jumpMs)
    expect((await publish(authorization, Date.now() + jumpMs)).statusCode).toBe(201)
    await settled()
    expect((await feed(await tokenOf(READER, jumpMs))).json().items).not.toEqual([])
  }
  await settled()
  const head = await log.head(ACCESS_TOPIC)
  const times = (await log.read(ACCESS_TOPIC, 0, head)).map(
    ({ value }) => decodeAccessRecord(value)?.timeMs ?? 0,
  )
  // The order of the log is its own; a record's time is its writer's claim.
  expect(times.some((time, at) => time < (times[at - 1] ?? 0) - MINUTE_MS)).toBe(true)
  expect(audit.deps.published.current?.size).toBeGreaterThanOrEqual(head)
  const authorization = await tokenOf(auditor)
  const found = async (query: string) => {
    const url = `/v1/access-log/records?action=PUBLISH&outcome=ALLOWED&limit=100${query}`
    return (await app.inject({ url, headers: { authorization } })).json().records.length
  }
  expect(await found('')).toBe(4)
  const [from, to] = [5, 15].map((m) => new Date(Date.now() + m * MINUTE_MS).toISOString())
  expect(await found(`&from=${from}&to=${to}`)).toBe(1)
})

test('deadlines do not hang on the wall clock: what waits goes on waiting, and no longer', async () => {
  const authorization = await tokenOf(KP)
  const publishing = publish(authorization, Date.now())
  aheadMs = 10 * MINUTE_MS
  const answer = await publishing
  // Accepted before the jump or refused after it: never half.
  expect([201, 401, 422]).toContain(answer.statusCode)
  expect(parts.directory.isFresh()).toBe(true)
  aheadMs = -10 * MINUTE_MS
  expect(parts.directory.isFresh()).toBe(true)
  const reader = await tokenOf(READER, aheadMs)
  expect((await feed(reader)).statusCode).toBe(200)
})
