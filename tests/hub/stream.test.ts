import { get } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fromBase64 } from '#core/bytes.ts'
import { LIMITS } from '#core/limits.ts'
import { LogUnavailable } from '#core/ports/message-log.ts'
import { ACCESS_TOPIC } from '#core/topics.ts'
import { jumpingClock } from '#tests/jumping-clock.ts'
import { sampleAlert } from '#tests/sample-alert.ts'
import { COORDINATOR, LIAISON, openStreamHub, pause, type StreamHub } from '#tests/stream-hub.ts'
import type { StreamReader } from '#tests/stream-reader.ts'
import type { TestHub } from '#tests/test-hub.ts'

let streams: StreamHub
let hub: TestHub

beforeEach(async () => {
  streams = await openStreamHub()
  hub = streams.hub
})
afterEach(() => streams.close())

const publishMany = async (count: number) => {
  const ids: string[] = []
  for (let at = 0; at < count; at += 1) ids.push(await streams.publish())
  return ids
}

describe('a live stream', () => {
  test('gives what is there, then what comes, each with its record in the topic', async () => {
    const before = [await streams.publish(), await streams.publish()]
    await hub.settled()
    const reader = await streams.open(COORDINATOR, { query: '' })
    expect(reader.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'private, no-store',
      'x-content-type-options': 'nosniff',
    })
    await reader.until(({ alertIds }) => alertIds.length === 2)
    const later = await streams.publish()
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
    await streams.publish()
    await hub.settled()
    const reader = await streams.open(COORDINATOR, { query: '?from=earliest' })
    await reader.until(({ alertIds }) => alertIds.length === 1)
    const page = await hub.get('/v1/feed', COORDINATOR)
    const [item] = page.json['items'] as readonly Record<string, unknown>[]
    expect({ ...reader.events[0]?.data, record: null }).toEqual({ ...item, record: null })
  })

  test('goes on behind a cut, with nothing lost and nothing twice', async () => {
    const ids = await publishMany(5)
    await hub.settled()
    const first = await streams.open(COORDINATOR, { query: '?from=earliest' })
    await first.until(({ alertIds }) => alertIds.length === 5)
    first.cut()
    ids.push(...(await publishMany(3)))
    // Resumed in the middle of what had come, and from where it once began: the id wins.
    const second = await streams.resume(COORDINATOR, first.events[2]?.id ?? '', '?from=earliest')
    await second.until(({ alertIds }) => alertIds.length === 5)
    ids.push(await streams.publish())
    await second.until(({ alertIds }) => alertIds.length === 6)
    expect([...first.alertIds.slice(0, 3), ...second.alertIds]).toEqual(ids)
  })

  test('that breaks in the middle of an alert gives it whole to who resumes', async () => {
    const whole = await streams.publish()
    const narrative = 'ب'.repeat(20_000)
    const texts = [{ language: 'en', headline: 'Invented', narrative }] as const
    const torn = await streams.publish({ texts })
    await hub.settled()
    const authorization = `Bearer ${await hub.token(COORDINATOR)}`
    const request = get(`${hub.hub.url}/v1/feed/stream`, { headers: { authorization } })
    const came = await new Promise<string>((resolve, reject) => {
      let text = ''
      request.on('error', reject).on('response', (answer) => {
        answer.setEncoding('utf8').on('data', (part: string) => {
          text += part
          // Behind the id of the second alert: a careless reader would take it as given.
          const at = text.split('event: alert').length === 3
          if (at) resolve(text)
          if (at) answer.destroy()
        })
      })
    })
    const cut = came.slice(0, came.lastIndexOf('event: alert') + 1_000)
    const ended = cut.slice(0, cut.lastIndexOf('\n\n'))
    const lastId = ended.slice(ended.lastIndexOf('id: ') + 4).split('\n')[0] ?? ''
    const second = await streams.resume(COORDINATOR, lastId)
    await second.until(({ alertIds }) => alertIds.length === 1)
    expect(ended).toContain(whole)
    expect(second.alertIds).toEqual([torn])
  })

  test('tells where it is before anything came, so that a cut then loses nothing', async () => {
    const first = await streams.open(COORDINATOR)
    await first.until(({ lastId }) => lastId !== null)
    first.cut()
    const id = await streams.publish()
    await hub.settled()
    const second = await streams.resume(COORDINATOR, first.lastId, '?from=now')
    await second.until(({ alertIds }) => alertIds.length === 1)
    expect(second.alertIds).toEqual([id])
  })

  test('begins where a page ended, and a page goes on where it ended', async () => {
    const now = await hub.get('/v1/feed?from=now', COORDINATOR)
    const first = await streams.publish()
    const reader = await streams.open(COORDINATOR, { query: `?from=${now.json['next']}` })
    await reader.until(({ alertIds }) => alertIds.includes(first))
    reader.cut()
    const second = await streams.publish()
    await hub.settled()
    const page = await hub.get(`/v1/feed?from=${reader.lastId}`, COORDINATOR)
    expect(page.json['items']).toMatchObject([{ id: second }])
  })

  test('gives only what the filter asks and the label allows, and records nothing else', async () => {
    const reader = await streams.open('ctd-sindh/duty-officer', {
      query: '?from=now&precedence=FLASH',
    })
    const label = { ...sampleAlert().label, jurisdictions: ['PK-SD'] } as const
    await streams.publish({ precedence: 'FLASH' })
    await streams.publish({ label })
    const id = await streams.publish({ label, precedence: 'FLASH' })
    await reader.until(({ alertIds }) => alertIds.length > 0)
    await pause(200)
    expect(reader.alertIds).toEqual([id])
    expect(await streams.releasesTo('ctd-sindh/duty-officer')).toHaveLength(1)
  })

  test('gives a sign of life, which a reader can resume from', async () => {
    const clock = jumpingClock()
    const url = await streams.gatewayWith({ clock })
    const reader = await streams.open(COORDINATOR, { url })
    await reader.until(({ heartbeats }) => heartbeats === 1)
    clock.jump(LIMITS.heartbeatMs - 1_000)
    await pause(2 * LIMITS.streamCheckMs)
    expect(reader.heartbeats).toBe(1)
    clock.jump(1_000)
    await reader.until(({ heartbeats }) => heartbeats === 2)
    const again = await streams.resume(COORDINATOR, reader.lastId)
    expect(again.status).toBe(200)
  })

  test('passes over what its reader may not read; wider rights do not turn it back', async () => {
    await streams.set(COORDINATOR, { clearance: 'UNCLASSIFIED' })
    const reader = await streams.open(COORDINATOR)
    const id = await streams.publish()
    await hub.settled()
    await pause(200)
    await streams.set(COORDINATOR, { clearance: 'SECRET' })
    const next = await streams.publish()
    await reader.until(({ alertIds }) => alertIds.length > 0)
    expect(reader.alertIds).toEqual([next])
    const all = await streams.open(COORDINATOR, { query: '?from=earliest' })
    await all.until(({ alertIds }) => alertIds.length === 2)
    expect(all.alertIds).toEqual([id, next])
  })
})

describe('a stream ends', () => {
  test('when the token expires', async () => {
    const clock = jumpingClock()
    const reader = await streams.open(COORDINATOR, { url: await streams.gatewayWith({ clock }) })
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
      const reader = await streams.open(COORDINATOR)
      const before = await streams.publish()
      await reader.until(({ alertIds }) => alertIds.length === 1)
      const startedAtMs = performance.now()
      await streams.set(COORDINATOR, change)
      await streams.publish()
      await reader.closed(1_000)
      expect((reader.closedAtMs ?? 0) - startedAtMs).toBeLessThan(1_000)
      expect([reader.endReason, reader.alertIds]).toEqual([why, [before]])
      await hub.settled()
      expect(await streams.releasesTo(COORDINATOR)).toHaveLength(1)
      const again = await streams.resume(COORDINATOR, reader.lastId)
      expect(again.status).toBe(403)
    },
  )

  test('when the directory is stale, before two and a half seconds', async () => {
    const reader = await streams.open(COORDINATOR)
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
    const url = await streams.gatewayWith({ accessLog: { append } })
    const reader = await streams.open(COORDINATOR, { url })
    await streams.publish()
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
    const reader = await streams.open(COORDINATOR, {
      url: await streams.gatewayWith({ accessLog: { append } }),
    })
    await streams.publish()
    await hub.settled()
    while ((await streams.releasesTo(COORDINATOR)).length === 0) await pause(10)
    await streams.set(COORDINATOR, { suspended: true })
    slow.resolve()
    await reader.closed()
    expect([reader.endReason, reader.alertIds]).toEqual(['suspended', []])
  })

  test('at a shutdown, at once, also where the reader takes nothing', async () => {
    const readers = [await streams.open(COORDINATOR), await streams.open(LIAISON)]
    readers[1]?.pause()
    await readers[0]?.until(({ heartbeats }) => heartbeats === 1)
    const startedAtMs = performance.now()
    await hub.hub.app.close()
    expect(performance.now() - startedAtMs).toBeLessThan(1_000)
    await readers[0]?.closed()
    expect(readers[0]?.endReason).toBe('shutdown')
  })
})

describe('a stream is refused', () => {
  test('to one who is no subscriber, or is suspended, and says so', async () => {
    const publisher = await streams.open('ctd-kp/feed-system')
    await publisher.closed()
    expect([publisher.status, JSON.parse(publisher.body).code]).toEqual([403, 'role-missing'])
    await hub.token(COORDINATOR)
    await streams.set(COORDINATOR, { suspended: true })
    const suspended = await streams.open(COORDINATOR)
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
      const reader = await streams.open(COORDINATOR, { query, headers: { ...headers } })
      expect([what, reader.status]).toEqual([what, status])
    }
    const authorization = `Bearer ${await hub.token(COORDINATOR)}`
    const init = { method: 'HEAD', headers: { authorization } }
    expect((await fetch(`${hub.hub.url}/v1/feed/stream`, init)).status).toBe(404)
  })

  test('to one principal past its bound, until it closes one', async () => {
    const readers: StreamReader[] = []
    for (let at = 0; at < LIMITS.streamsPerPrincipalMax; at += 1) {
      readers.push(await streams.open(COORDINATOR))
    }
    const refused = await streams.open(COORDINATOR)
    await refused.closed()
    expect([refused.status, JSON.parse(refused.body).code]).toEqual([429, 'streams-too-many'])
    expect(refused.headers['retry-after']).toBe('1')
    expect((await streams.open(LIAISON)).status).toBe(200)
    readers[0]?.cut()
    await pause(100)
    expect((await streams.open(COORDINATOR)).status).toBe(200)
  })
})
