import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openCipher } from '#adapters/crypto/cipher.ts'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { type CursorScope, encodeCursor, type FeedPlace } from '#core/cursor.ts'
import { LIMITS } from '#core/limits.ts'
import type { Cipher } from '#core/ports/cipher.ts'
import type { PrincipalId } from '#core/principal.ts'
import type { TopicFollowers } from '#core/topic-followers.ts'
import { alertTopics } from '#core/topics.ts'
import { COORDINATOR, LIAISON, openStreamHub, type StreamHub } from '#tests/stream-hub.ts'
import type { TestHub } from '#tests/test-hub.ts'

const NO_FILTER = {
  jurisdictions: null,
  classifications: null,
  precedences: null,
  kinds: null,
  origins: null,
}

const SCOPE: CursorScope = {
  principal: COORDINATOR as PrincipalId,
  realm: 'live',
  filter: NO_FILTER,
  topics: alertTopics('live'),
}

let streams: StreamHub
let hub: TestHub
let ids: readonly string[]

beforeAll(async () => {
  streams = await openStreamHub()
  hub = streams.hub
  ids = [await streams.publish(), await streams.publish()]
  await hub.settled()
  for (const reader of [COORDINATOR, LIAISON]) await hub.token(reader)
})
afterAll(async () => {
  await streams.close()
})

interface Made {
  readonly scope?: Partial<CursorScope>
  readonly cipher?: Cipher
  /** In every topic. */
  readonly offset?: number
}

/** As a gateway makes it, but for what is said. */
const cursorWith = ({ scope, cipher, offset = 0 }: Made): string => {
  const { cursors, policy } = hub.hub.gateway.deps
  const whole = { ...SCOPE, ...scope }
  const place: FeedPlace = {
    positions: new Map(whole.topics.map((topic) => [topic, offset])),
    rights: { held: 2 ** 32 - 1, policyDigest: policy.digest },
  }
  return encodeCursor(whole, place, { cipher: cipher ?? cursors, sha256 })
}

const formerVersion = (): Cipher => {
  const { cursors } = hub.hub.gateway.deps
  const encrypt: Cipher['encrypt'] = (plaintext, additionalData) =>
    cursors.encrypt(Uint8Array.of(1, ...plaintext.subarray(1)), additionalData)
  return { ...cursors, encrypt }
}

const changedAt = (text: string, at: number): string => {
  const other = text[at] === 'A' ? 'B' : 'A'
  return text.slice(0, at) + other + text.slice(at + 1)
}

const page = async (from: string, reader = COORDINATOR) => {
  const { status, json } = await hub.get(`/v1/feed?from=${from}`, reader)
  const items = (json['items'] ?? []) as readonly { readonly id: string }[]
  return { status, code: json['code'], json, ids: items.map(({ id }) => id) }
}

const stream = async (lastId: string, url?: string) => {
  const headers = { 'last-event-id': lastId }
  return streams.open(COORDINATOR, { query: '', headers, ...(url && { url }) })
}

describe('a cursor that is a lie', () => {
  test.each<[string, () => string]>([
    ['of another principal', () => cursorWith({ scope: { principal: LIAISON as PrincipalId } })],
    ['of the other realm', () => cursorWith({ scope: { realm: 'exercise' } })],
    [
      'of the other realm and its topics',
      () => cursorWith({ scope: { realm: 'exercise', topics: alertTopics('exercise') } }),
    ],
    [
      'for another filter',
      () => cursorWith({ scope: { filter: { ...NO_FILTER, kinds: ['LOOKOUT'] } } }),
    ],
    [
      'of a node that follows other topics',
      () => cursorWith({ scope: { topics: SCOPE.topics.slice(1) } }),
    ],
    ['under another hub’s key', () => cursorWith({ cipher: openCipher(randomBytes(32)) })],
    ['of another version', () => cursorWith({ cipher: formerVersion() })],
    ['cut short', () => cursorWith({}).slice(0, -1)],
    ['cut to nothing but a nonce', () => cursorWith({}).slice(0, 16)],
    ['twice in one', () => cursorWith({}) + cursorWith({})],
    ['longer than any', () => 'A'.repeat(LIMITS.cursorCharactersMax)],
    ['noise of the right length', () => randomBytes(338).toString('base64url')],
    ['of other words', () => 'Earliest'],
  ])(
    '%s: is refused to page and stream alike, and takes no place and no record',
    async (_, make) => {
      const before = await hub.recordCount()
      for (let at = 0; at <= LIMITS.streamsPerPrincipalMax; at += 1) {
        const reader = await stream(make())
        await reader.closed()
        expect([reader.status, JSON.parse(reader.body).code]).toEqual([400, 'cursor-invalid'])
      }
      expect(await page(make())).toMatchObject({ status: 400, code: 'cursor-invalid' })
      expect(await hub.recordCount()).toBe(before)
    },
  )

  test('of another version says so, and only to whom it was made for', async () => {
    const cursor = cursorWith({ cipher: formerVersion() })
    expect((await page(cursor)).json['detail']).toContain('another version')
    expect((await page(cursor, LIAISON)).json['detail'] ?? '').not.toContain('version')
  })

  test('changed in any one character is none', async () => {
    const cursor = cursorWith({})
    expect((await page(cursor)).ids).toEqual(ids)
    for (let at = 0; at < cursor.length; at += 7) {
      expect((await page(changedAt(cursor, at))).code).toBe('cursor-invalid')
    }
  })
})

test('a Last-Event-ID wins over from, and is not made good by it when it is none', async () => {
  const here = String((await page('now')).json['next'])
  const resumed = await streams.resume(COORDINATOR, here, '?from=earliest')
  await resumed.until(({ heartbeats }) => heartbeats > 0)
  const id = await streams.publish()
  await resumed.until(({ alertIds }) => alertIds.length > 0)
  expect(resumed.alertIds).toEqual([id])
  resumed.cut()
  const query = `?from=${here}`
  const other = await streams.resume(COORDINATOR, changedAt(here, 20), query)
  expect(other.status).toBe(400)
  // A page knows of no such header.
  const { json } = await hub.get('/v1/feed?from=now', COORDINATOR, {
    headers: { 'last-event-id': cursorWith({}) },
  })
  expect(json['items']).toEqual([])
})

describe('a cursor from a gateway that is ahead', () => {
  test('is waited for, then refused for now, and takes no place and no record', async () => {
    const cursor = cursorWith({ offset: 1_000_000 })
    const before = await hub.recordCount()
    const startedAtMs = performance.now()
    const opening = Array.from({ length: LIMITS.streamsPerPrincipalMax }, () => stream(cursor))
    const refused = page(cursor)
    for (const reader of await Promise.all(opening)) {
      await reader.closed()
      expect([reader.status, JSON.parse(reader.body).code]).toEqual([503, 'catching-up'])
    }
    expect(await refused).toMatchObject({ status: 503, code: 'catching-up' })
    expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(LIMITS.catchUpMsMax - 50)
    expect(await hub.recordCount()).toBe(before)
    const open = await streams.open(COORDINATOR)
    expect(open.status).toBe(200)
    open.cut()
  })

  test('is gone on from once this one has caught up, without a gap or a double', async () => {
    const { gateway } = hub.hub
    const ahead = Promise.withResolvers<void>()
    const alertFollowers: Pick<TopicFollowers, 'passed' | 'onApplied'> = {
      passed: (topic, offset, signal) =>
        ahead.promise.then(() => gateway.deps.alertFollowers.passed(topic, offset, signal)),
      onApplied: (listener) => gateway.deps.alertFollowers.onApplied(listener),
    }
    const url = await streams.gatewayWith({ alertFollowers: alertFollowers as TopicFollowers })
    const here = String((await page('now')).json['next'])
    const opening = stream(here, url)
    const id = await streams.publish()
    ahead.resolve()
    const reader = await opening
    await reader.until(({ alertIds }) => alertIds.length > 0)
    expect([reader.status, reader.alertIds]).toEqual([200, [id]])
  })
})
