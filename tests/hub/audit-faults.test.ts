import type { InjectOptions } from 'fastify'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openMemoryGuard } from '#adapters/memory/guard.ts'
import type { Alarm } from '#core/alarm.ts'
import type { Alert } from '#core/alert.ts'
import { base64 } from '#core/bytes.ts'
import { LogUnavailable, OutcomeUnknown } from '#core/ports/message-log.ts'
import type { Policy } from '#core/ports/policy.ts'
import { ACCESS_TOPIC } from '#core/topics.ts'
import { buildAudit } from '#services/audit/app.ts'
import type { AuditDeps } from '#services/audit/deps.ts'
import { Published } from '#services/audit/published.ts'
import { sampleAlert } from '#tests/sample-alert.ts'
import { openTestHub, signed, type TestHub } from '#tests/test-hub.ts'

const NATIONAL = 'nacta/national-auditor'

let hub: TestHub
let alert: Alert
let content: string
let authorization: string
let alarms: Alarm[] = []

/** The audit service of the hub, with something broken. */
const ask = async (url: string, broken: Partial<AuditDeps>, options: InjectOptions = {}) => {
  const onAlarm = (alarm: Alarm): void => void alarms.push(alarm)
  const app = buildAudit({ ...hub.hub.audit.deps, onAlarm, ...broken }, null)
  const answer = await app.inject({ url, headers: { authorization }, ...options })
  await app.close()
  return answer
}

const queries = (): readonly string[] => [
  '/v1/access-log/records?limit=500',
  '/v1/access-log/records/1',
  '/v1/access-log/records/1/proof',
  '/v1/access-log/tile/entries/000.p/4',
  `/v1/access-log/alerts/ctd-kp/${alert.id}`,
]

beforeAll(async () => {
  hub = await openTestHub()
  alert = sampleAlert()
  await hub.publish(await signed(alert, hub.home.alertSigner('ctd-kp')), 'ctd-kp/feed-system')
  authorization = `Bearer ${await hub.token(NATIONAL)}`
  for (let asked = 0; asked < 6; asked += 1) await hub.get('/v1/access-log/records', NATIONAL)
  await hub.settled()
  const [published] = await hub.hub.parts.log.read(ACCESS_TOPIC, 1, 1)
  content = base64(published?.value.slice(0, 30) ?? new Uint8Array(0)).slice(0, 36)
})
afterEach(() => {
  alarms = []
})
afterAll(async () => {
  await hub.close()
  hub.home.remove()
})

describe('without a durable record nothing is shown', () => {
  const rejections = [new LogUnavailable('planned'), new OutcomeUnknown('planned')]
  test.each(rejections)('when its append is $name', async (error) => {
    const accessLog = { append: () => Promise.reject(error) }
    for (const url of queries()) {
      expect((await ask(url, {})).statusCode, url).toBe(200)
      const answer = await ask(url, { accessLog })
      expect([answer.statusCode, answer.json().code], url).toEqual([503, 'record-not-durable'])
      expect(answer.headers['retry-after']).toBe('1')
      expect(answer.body).not.toContain(content)
    }
  })
})

describe('what changes while the record is written', () => {
  test('a role that is taken away shows nothing', async () => {
    const { accessLog, policy } = hub.hub.audit.deps
    for (const url of queries()) {
      let isWritten = false
      const append: typeof accessLog.append = async (drafts) => {
        const written = await accessLog.append(drafts)
        isWritten = true
        return written
      }
      const decide: Policy['decide'] = (request) =>
        isWritten ? { allowed: false, reasons: ['role-missing'] } : policy.decide(request)
      const answer = await ask(url, {
        accessLog: { append },
        policy: { digest: policy.digest, decide },
      })
      expect([answer.statusCode, answer.json().code], url).toEqual([404, 'not-found'])
      expect(answer.body).not.toContain(content)
    }
  })

  test('a directory that grows stale shows nothing', async () => {
    const { accessLog, directory } = hub.hub.audit.deps
    for (const url of queries()) {
      let isFresh = true
      const stale = Object.create(directory, { isFresh: { value: () => isFresh } })
      const append: typeof accessLog.append = async (drafts) => {
        isFresh = false
        return accessLog.append(drafts)
      }
      const answer = await ask(url, { directory: stale, accessLog: { append } })
      expect([answer.statusCode, answer.json().code], url).toEqual([503, 'directory-stale'])
    }
  })
})

test('a stale directory closes all but checkpoint and tiles, without a record', async () => {
  const stale = Object.create(hub.hub.audit.deps.directory, { isFresh: { value: () => false } })
  const before = await hub.recordCount()
  for (const url of queries()) {
    const answer = await ask(url, { directory: stale })
    expect([answer.statusCode, answer.json().code], url).toEqual([503, 'directory-stale'])
  }
  for (const url of ['/v1/access-log/checkpoint', '/v1/access-log/tile/0/000.p/2']) {
    expect((await ask(url, { directory: stale })).statusCode, url).toBe(200)
  }
  expect(await hub.recordCount()).toBe(before)
})

test('who asks too much is refused before anything is looked up, with one record', async () => {
  const inner = openMemoryGuard({ clock: hub.hub.parts.clock })
  const take = async () => ({ allowed: false, retryAfterMs: 1_000 }) as const
  const guard = {
    take,
    useOnce: (key: string, ttlMs: number) => inner.useOnce(key, ttlMs),
    peek: take,
    charge: async () => undefined,
    state: () => inner.state(),
    close: () => inner.close(),
  }
  const before = await hub.recordCount()
  for (const url of [...queries(), ...queries()]) {
    const answer = await ask(url, { guard })
    expect([answer.statusCode, answer.json().code], url).toEqual([429, 'rate-limited'])
  }
  expect(await hub.recordCount()).toBe(before + 1)
  await guard.close()
})

describe('a damaged tile', () => {
  const damaged = (): AuditDeps['tiles'] => {
    const { tiles } = hub.hub.audit.deps
    return {
      write: (written) => tiles.write(written),
      writeCheckpoint: (text) => tiles.writeCheckpoint(text),
      readCheckpoint: () => tiles.readCheckpoint(),
      read: async (tile) => {
        const hashes = await tiles.read(tile)
        if (hashes !== null) hashes[64] = (hashes[64] ?? 0) ^ 1
        return hashes
      },
    }
  }

  test('gives no proof that does not hold, and no bundle, but an alarm', async () => {
    for (const url of [queries()[2] ?? '', queries()[3] ?? '']) {
      const answer = await ask(url, { tiles: damaged() })
      expect([answer.statusCode, answer.json().code], url).toEqual([500, 'internal'])
    }
    expect(alarms.map(({ what }) => what)).toEqual(['tile-damaged', 'tile-damaged'])
  })

  test('that is missing is a fault, not an unknown tile', async () => {
    const tiles = { ...damaged(), read: async () => null }
    expect((await ask('/v1/access-log/tile/0/000.p/2', { tiles })).statusCode).toBe(500)
    expect(alarms).toEqual([{ what: 'tile-damaged', why: 'tile/0/000.p/2: missing' }])
  })

  test('makes the service not ready', async () => {
    const answer = await ask('/health/ready', { tiles: damaged() })
    expect(answer.statusCode).toBe(503)
  })
})

test('a proof whose checkpoint does not come is asked for later', async () => {
  const { clock } = hub.hub.parts
  const published = new Published()
  const impatient = {
    ...clock,
    sleep: (ms: number, signal?: AbortSignal) => clock.sleep(ms / 100, signal),
  }
  const answer = await ask(queries()[2] ?? '', { published, clock: impatient })
  expect([answer.statusCode, answer.json().code]).toEqual([503, 'catching-up'])
  expect(answer.headers['retry-after']).toBe('1')
  expect((await ask('/v1/access-log/checkpoint', { published })).statusCode).toBe(503)
  expect((await ask('/v1/access-log/tile/0/000.p/2', { published })).statusCode).toBe(503)
})
