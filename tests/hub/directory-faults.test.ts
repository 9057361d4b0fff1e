import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createServer } from '#adapters/http/server.ts'
import { FaultyMessageLog } from '#adapters/memory/faulty-message-log.ts'
import { openMemoryLog } from '#adapters/memory/message-log.ts'
import { partsOptions } from '#adapters/process/parts-options.ts'
import { decodeAccessRecord } from '#core/access-record.ts'
import type { Alarm } from '#core/alarm.ts'
import { authorEntry } from '#core/directory/author.ts'
import type { DirectoryChange } from '#core/directory/entry.ts'
import { SIGNED_ALERT_TYPE, SIGNED_DIRECTORY_ENTRY_TYPE } from '#core/envelope.ts'
import { LIMITS } from '#core/limits.ts'
import { LogUnavailable, type MessageLog } from '#core/ports/message-log.ts'
import { type ServiceParts, startParts } from '#core/service-parts.ts'
import { ACCESS_TOPIC, DIRECTORY_TOPIC } from '#core/topics.ts'
import { gatewayRoutes } from '#services/gateway/app.ts'
import { type OpenGateway, openGateway } from '#services/gateway/main.ts'
import { type OpenRouter, openRouter } from '#services/router/main.ts'
import { agencyId, sampleAlert } from '#tests/sample-alert.ts'
import { StreamReader } from '#tests/stream-reader.ts'
import { makeTemporaryHome, type TemporaryHome } from '#tests/temporary-home.ts'
import { signed } from '#tests/test-hub.ts'

/** Administration over a log whose writes fail as told, and whose directory can be cut off. */
let home: TemporaryHome
let log: FaultyMessageLog
/** `silent`: nothing is answered, as by a broker behind a cable that was pulled. */
let cut: 'refused' | 'silent' | null
let alarms: Alarm[]
let parts: ServiceParts
let gateway: OpenGateway
let router: OpenRouter
let app: ReturnType<typeof createServer>

/** As `inner`, but while it is cut nobody can ask for the directory or follow it. */
const cuttable = (inner: MessageLog): MessageLog => ({
  append: inner.append.bind(inner),
  read: inner.read.bind(inner),
  head: async (topic) => {
    if (topic === DIRECTORY_TOPIC) {
      if (cut === 'refused') throw new LogUnavailable('cut off')
      while (cut === 'silent') await pause(20)
    }
    return inner.head(topic)
  },
  async *follow(topic, from, signal) {
    for await (const batch of inner.follow(topic, from, signal)) {
      while (cut !== null && topic === DIRECTORY_TOPIC && !signal.aborted) await pause(20)
      yield batch
    }
  },
  ensureTopics: inner.ensureTopics.bind(inner),
  close: inner.close.bind(inner),
})

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

beforeEach(async () => {
  cut = null
  alarms = []
  home = await makeTemporaryHome()
  log = new FaultyMessageLog(openMemoryLog())
  const onAlarm = (alarm: Alarm) => alarms.push(alarm)
  parts = await startParts(await partsOptions(home.home, cuttable(log), onAlarm))
  gateway = await openGateway(home.home, parts)
  router = await openRouter(home.home, parts)
  app = createServer({ logTo: null, readiness: [] })
  gatewayRoutes(app, gateway.deps)
})
afterEach(async () => {
  cut = null
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

const post = async (url: string, payload: Uint8Array, type: string, principal: string) =>
  app.inject({
    method: 'POST',
    url,
    payload: Buffer.from(payload),
    headers: { authorization: await bearer(principal), 'content-type': type },
  })

const enter = (bytes: Uint8Array) =>
  post('/v1/directory/entries', bytes, SIGNED_DIRECTORY_ENTRY_TYPE, 'nacta/liaison')

const get = async (url: string, principal: string) =>
  app.inject({ url, headers: { authorization: await bearer(principal) } })

const SUSPENSION: DirectoryChange = {
  type: 'AgencyStanding',
  agency: agencyId('ctd-gb'),
  suspended: true,
}

const suspension = async (): Promise<Uint8Array> => {
  const by = { signers: [home.rootSigner], enteredAtMs: Date.now(), sha256: parts.sha256 }
  return (await authorEntry(parts.directory.state, SUSPENSION, by)).bytes
}

const outcomes = async (): Promise<readonly (string | undefined)[]> => {
  const head = await log.head(ACCESS_TOPIC)
  const entries = head === 0 ? [] : await log.read(ACCESS_TOPIC, 0, head)
  return entries.map(({ value }) => decodeAccessRecord(value)?.outcome)
}

describe('the record of an entry', () => {
  test.each([
    ['not-written', 'log-unavailable', 0],
    ['written-but-unknown', 'outcome-unknown', 1],
  ] as const)('that was %s: 503, and nothing is entered', async (kind, code, records) => {
    const length = await log.head(DIRECTORY_TOPIC)
    log.onNextAppend(ACCESS_TOPIC, { kind })
    const bytes = await suspension()
    const failed = await enter(bytes)
    expect([failed.statusCode, failed.json().code]).toEqual([503, code])
    expect([await log.head(DIRECTORY_TOPIC), (await outcomes()).length]).toEqual([length, records])
    expect((await enter(bytes)).statusCode).toBe(201)
    expect(await log.head(DIRECTORY_TOPIC)).toBe(length + 1)
  })
})

describe('the entry behind its record', () => {
  test('that was not written: 503; the same bytes again complete it', async () => {
    const bytes = await suspension()
    log.onNextAppend(DIRECTORY_TOPIC, { kind: 'not-written' })
    expect((await enter(bytes)).statusCode).toBe(503)
    expect(await outcomes()).toEqual(['ALLOWED'])
    expect((await enter(bytes)).statusCode).toBe(201)
    expect(await outcomes()).toEqual(['ALLOWED', 'ALLOWED'])
  })

  test('that was written but called unknown: the same bytes again get its place', async () => {
    const bytes = await suspension()
    const offset = await log.head(DIRECTORY_TOPIC)
    log.onNextAppend(DIRECTORY_TOPIC, { kind: 'written-but-unknown' })
    const failed = await enter(bytes)
    expect([failed.statusCode, failed.json().code]).toEqual([503, 'outcome-unknown'])
    const again = await enter(bytes)
    expect([again.statusCode, again.json().offset]).toEqual([200, offset])
    expect(await log.head(DIRECTORY_TOPIC)).toBe(offset + 1)
    expect(alarms).toEqual([])
  })

  test('whose place another process took meanwhile: 409, and it is not put there', async () => {
    const slow = Promise.withResolvers<void>()
    const bytes = await suspension()
    log.onNextAppend(ACCESS_TOPIC, { kind: 'delayed', until: slow.promise })
    const entering = enter(bytes)
    await pause(200)
    const by = { signers: [home.rootSigner], enteredAtMs: Date.now(), sha256: parts.sha256 }
    const other = { ...SUSPENSION, agency: agencyId('ctd-ajk') }
    const taken = await authorEntry(parts.directory.state, other, by)
    const [offset] = await log.append(DIRECTORY_TOPIC, [taken.bytes])
    await parts.directory.catchUp()
    slow.resolve()
    const answer = await entering
    expect([answer.statusCode, answer.json().code]).toEqual([409, 'directory-moved'])
    expect(await log.head(DIRECTORY_TOPIC)).toBe((offset ?? 0) + 1)
    expect(await outcomes()).toEqual(['ALLOWED', 'DENIED'])
    expect(alarms).toEqual([])
  })

  test('that lost the race in the topic: 409, ignored everywhere with an alarm', async () => {
    const slow = Promise.withResolvers<void>()
    const bytes = await suspension()
    const by = { signers: [home.rootSigner], enteredAtMs: Date.now(), sha256: parts.sha256 }
    const other = { ...SUSPENSION, agency: agencyId('ctd-ajk') }
    const taken = await authorEntry(parts.directory.state, other, by)
    log.onNextAppend(DIRECTORY_TOPIC, { kind: 'delayed', until: slow.promise })
    const first = log.append(DIRECTORY_TOPIC, [taken.bytes])
    const entering = enter(bytes)
    await pause(200)
    slow.resolve()
    await first
    const answer = await entering
    expect([answer.statusCode, answer.json().code]).toEqual([409, 'directory-moved'])
    expect(parts.directory.state.digest).toEqual(taken.digest)
    expect(alarms.map(({ what, why }) => [what, why])).toEqual([
      ['directory-entry-ignored', 'wrong-sequence'],
    ])
  })
})

describe('while the directory topic cannot be read', () => {
  test.each(['refused', 'silent'] as const)(
    '%s: every release stops within two seconds, then goes on',
    async (how) => {
      const alert = sampleAlert()
      const bytes = await signed(alert, home.alertSigner('ctd-kp'))
      await post('/v1/alerts', bytes, SIGNED_ALERT_TYPE, 'ctd-kp/feed-system')
      await gateway.caughtUp()
      await router.followers.caughtUp()
      await gateway.caughtUp()
      const feed = () => get('/v1/feed', 'nacta/coordinator')
      const read = () => get(`/v1/alerts/ctd-kp/${alert.id}`, 'nacta/coordinator')
      expect((await feed()).json().items.length).toBe(1)
      const entry = await suspension()
      cut = how
      await pause(LIMITS.directoryAgeMsMax)
      for (const answer of [await feed(), await read(), await enter(entry)]) {
        expect([answer.statusCode, answer.json().code]).toEqual([503, 'directory-stale'])
      }
      expect((await outcomes()).at(-1)).toBe('ALLOWED')
      cut = null
      await parts.directory.catchUp()
      expect((await feed()).json().items.length).toBe(1)
      expect((await read()).statusCode).toBe(200)
      expect((await enter(entry)).statusCode).toBe(201)
    },
  )

  test.each(['refused', 'silent'] as const)('%s: an open stream ends with it', async (how) => {
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    const authorization = await bearer('nacta/coordinator')
    const reader = await StreamReader.open(`${url}/v1/feed/stream?from=now`, { authorization })
    await reader.until(({ heartbeats }) => heartbeats > 0)
    const cutAtMs = performance.now()
    cut = how
    await reader.closed(10_000)
    expect((reader.closedAtMs ?? 0) - cutAtMs).toBeLessThan(LIMITS.directoryAgeMsMax + 1_000)
    expect(reader.endReason).toBe('directory-stale')
    const alert = await signed(sampleAlert(), home.alertSigner('ctd-kp'))
    const refused = await post('/v1/alerts', alert, SIGNED_ALERT_TYPE, 'ctd-kp/feed-system')
    expect([refused.statusCode, refused.json().code]).toEqual([503, 'directory-stale'])
  })
})

test('a suspended agency’s streams end within a second, whoever holds them', async () => {
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const authorization = await bearer('ctd-gb/analyst')
  const reader = await StreamReader.open(`${url}/v1/feed/stream?from=now`, { authorization })
  await reader.until(({ heartbeats }) => heartbeats > 0)
  const startedAtMs = performance.now()
  expect((await enter(await suspension())).statusCode).toBe(201)
  await reader.closed(10_000)
  expect((reader.closedAtMs ?? 0) - startedAtMs).toBeLessThan(1_000)
  expect(reader.endReason).toBe('suspended')
})
