import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createServer } from '#adapters/http/server.ts'
import { openMemoryLog } from '#adapters/memory/message-log.ts'
import { partsOptions } from '#adapters/process/parts-options.ts'
import type { Alert } from '#core/alert.ts'
import { encodeDeadLetter } from '#core/dead-letter.ts'
import { SIGNED_ALERT_TYPE } from '#core/envelope.ts'
import { LIMITS } from '#core/limits.ts'
import type { Lane, MessageLog } from '#core/ports/message-log.ts'
import type { Precedence } from '#core/precedence.ts'
import { type ServiceParts, startParts } from '#core/service-parts.ts'
import { ACCESS_TOPIC, deadLetterTopic, intakeTopic, topicsOf } from '#core/topics.ts'
import { gatewayRoutes } from '#services/gateway/app.ts'
import { type OpenGateway, openGateway } from '#services/gateway/main.ts'
import { type OpenRouter, openRouter } from '#services/router/main.ts'
import { type JumpingClock, jumpingClock } from '#tests/jumping-clock.ts'
import { sampleAlert } from '#tests/sample-alert.ts'
import { makeTemporaryHome, type TemporaryHome } from '#tests/temporary-home.ts'
import { signed } from '#tests/test-hub.ts'

const KP = 'ctd-kp/feed-system'
const INTAKE = intakeTopic('live', 'PK-KP')

let home: TemporaryHome
let log: MessageLog
let clock: JumpingClock
let lanes: Map<string, Lane[]>
let parts: ServiceParts
let gateway: OpenGateway
let router: OpenRouter | null
let app: ReturnType<typeof createServer>

/** A log that notes in which lane each append came. */
const noting = (inner: MessageLog): MessageLog => ({
  append: (topic, entries, options) => {
    lanes.set(topic, [...(lanes.get(topic) ?? []), options?.lane ?? 'ordinary'])
    return inner.append(topic, entries, options)
  },
  read: (topic, from, limit) => inner.read(topic, from, limit),
  follow: (topic, from, signal) => inner.follow(topic, from, signal),
  head: (topic) => inner.head(topic),
  ensureTopics: (topics) => inner.ensureTopics(topics),
  close: () => inner.close(),
})

beforeEach(async () => {
  home = await makeTemporaryHome()
  log = noting(openMemoryLog())
  clock = jumpingClock()
  lanes = new Map()
  const options = await partsOptions(home.home, log, () => undefined)
  parts = await startParts({ ...options, clock })
  gateway = await openGateway(home.home, parts)
  router = null
  app = createServer({ logTo: null, readiness: [] })
  gatewayRoutes(app, gateway.deps)
})
afterEach(async () => {
  await app.close()
  await router?.close()
  await gateway.close()
  await parts.directory.stop()
  await log.close()
  home.remove()
})

const publish = async (precedence: Precedence, changes: Partial<Alert> = {}) => {
  const caller = { principal: KP, realm: 'live' } as Parameters<typeof gateway.deps.tokens.issue>[0]
  const token = await gateway.deps.tokens.issue(caller, clock.nowMs(), 60_000)
  const alert = sampleAlert({ precedence, sentAtMs: clock.nowMs(), ...changes })
  const answer = await app.inject({
    method: 'POST',
    url: '/v1/alerts',
    payload: Buffer.from(await signed(alert, home.alertSigner('ctd-kp'))),
    headers: { authorization: `Bearer ${token}`, 'content-type': SIGNED_ALERT_TYPE },
  })
  const code: string = answer.statusCode === 201 ? 'accepted' : answer.json().code
  return { alert, code, retryAfter: answer.headers['retry-after'] }
}

/** Published as soon as the jumped clock has let the directory be confirmed again. */
const publishWhenFresh = async (precedence: Precedence, changes: Partial<Alert> = {}) => {
  for (;;) {
    const published = await publish(precedence, changes)
    if (published.code !== 'directory-stale') return published
    await parts.directory.catchUp()
  }
}

describe('while the router is late', () => {
  let first: Alert
  beforeEach(async () => {
    const { alert, code } = await publish('ROUTINE')
    expect(code).toBe('accepted')
    first = alert
    clock.jump(LIMITS.routerLagMsMax + 1)
  })

  test('routine is refused before anything is spent on it, and all else is taken', async () => {
    const heads = [await log.head(ACCESS_TOPIC), await log.head(INTAKE)]
    const refused = await publishWhenFresh('ROUTINE')
    expect(refused.code).toBe('overloaded')
    expect(Number(refused.retryAfter)).toBeGreaterThan(0)
    expect([await log.head(ACCESS_TOPIC), await log.head(INTAKE)]).toEqual(heads)
    for (const precedence of ['PRIORITY', 'IMMEDIATE', 'FLASH'] as const) {
      expect((await publishWhenFresh(precedence)).code).toBe('accepted')
    }
  })

  test('a recall is taken, whatever its precedence', async () => {
    expect((await publishWhenFresh('ROUTINE', recallOf(first))).code).toBe('accepted')
    expect(lanes.get(INTAKE)).toEqual(['ordinary', 'flash'])
    expect((await publishWhenFresh('ROUTINE')).code).toBe('overloaded')
  })

  test('routine is taken again once the router has caught up', async () => {
    expect((await publishWhenFresh('ROUTINE')).code).toBe('overloaded')
    router = await openRouter(home.home, parts)
    await router.followers.caughtUp()
    await gateway.caughtUp()
    expect((await publishWhenFresh('ROUTINE')).code).toBe('accepted')
  })

  test('a dead letter counts as having come out', async () => {
    const { alert } = await publishWhenFresh('PRIORITY')
    expect((await publishWhenFresh('ROUTINE')).code).toBe('overloaded')
    // As a router would that takes the alert's key for revoked.
    const stamp = gateway.deps.intake.find('live', alert)
    if (stamp === null) throw new Error('the alert is not in intake')
    const [entry] = await deadLetter(alert, stamp.digest)
    expect(entry).toBe(0)
    await gateway.caughtUp()
    expect((await publishWhenFresh('ROUTINE')).code).toBe('accepted')
  })
})

const recallOf = ({ realm, origin, id, label }: Alert): Partial<Alert> => {
  const row = gateway.deps.intake.find(realm, { origin, id })
  if (row === null) throw new Error('the alert is not in intake')
  const references = [{ relation: 'RECALLS', origin, id, digest: row.digest } as const]
  return { kind: 'RECALL', label, references }
}

const deadLetter = async (
  { realm, origin, id }: ReturnType<typeof sampleAlert>,
  digest: Uint8Array,
): Promise<readonly number[]> => {
  const reason = 'key-or-agency-out'
  const [record] = await gateway.deps.accessLog.append([
    {
      requestId: id,
      realm,
      principal: null,
      agency: null,
      action: 'DEAD_LETTER',
      outcome: 'DENIED',
      alert: { origin, id, digest },
      reasons: [reason],
      policyDigest: null,
      directory: null,
      purpose: null,
      searchTerms: null,
    },
  ])
  const letter = { realm, origin, id, digest, reason, intakeOffset: 1 }
  const entry = encodeDeadLetter({ ...letter, recordIndex: record?.index ?? -1 })
  return log.append(deadLetterTopic(realm), [entry])
}

test('a flash is in the flash lane all the way, and nothing else is', async () => {
  router = await openRouter(home.home, parts)
  for (const precedence of ['IMMEDIATE', 'FLASH', 'ROUTINE'] as const) {
    expect((await publish(precedence)).code).toBe('accepted')
    await router.followers.caughtUp()
  }
  const targets = topicsOf('live', sampleAlert().label, 'PK-KP')
  expect(targets.length).toBeGreaterThan(1)
  for (const topic of [ACCESS_TOPIC, INTAKE, ...targets]) {
    expect(lanes.get(topic), topic).toEqual(['ordinary', 'flash', 'ordinary'])
  }
})
