import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EXIT } from '#clients/cli/command.ts'
import { feedPage } from '#clients/sdk/feed.ts'
import { feedStream } from '#clients/sdk/feed-stream.ts'
import { alertStatus } from '#clients/sdk/status.ts'
import type { Alert } from '#core/alert.ts'
import { hex } from '#core/bytes.ts'
import { DEFAULT_GATEWAY_SETTINGS } from '#core/gateway-settings.ts'
import { LIMITS } from '#core/limits.ts'
import { OutcomeUnknown } from '#core/ports/message-log.ts'
import { buildGateway } from '#services/gateway/app.ts'
import { overdueCount } from '#services/gateway/awaited-from.ts'
import { DueAlerts } from '#services/gateway/due-alerts.ts'
import { openGateway } from '#services/gateway/main.ts'
import { type JumpingClock, jumpingClock } from '#tests/jumping-clock.ts'
import { digestIn, recallOf } from '#tests/recalls.ts'
import { runRabta } from '#tests/run-rabta.ts'
import { sampleAlert } from '#tests/sample-alert.ts'
import { sessionAt } from '#tests/sdk-session.ts'
import { COORDINATOR, LIAISON, openStreamHub, type StreamHub } from '#tests/stream-hub.ts'
import { signed, type TestHub } from '#tests/test-hub.ts'

const KP = 'ctd-kp/feed-system'
const PUNJAB = 'ctd-punjab/analyst'
const OUTSIDER = 'ctd-sindh/analyst'
const WITHIN_MS = { FLASH: 300_000, IMMEDIATE: 1_800_000 }
const LABEL = { ...sampleAlert().label, jurisdictions: ['PK', 'PK-KP', 'PK-PB'] as const }
let streams: StreamHub
let hub: TestHub
let clock: JumpingClock
let due: DueAlerts
/** Of a gateway whose alerts become due when `clock` jumps. */
let url: string

beforeAll(async () => {
  streams = await openStreamHub()
  hub = streams.hub
})
afterAll(async () => {
  await streams.close()
})

/** Each test has a clock, and what this process has on record as reminded stays. */
const begin = async () => {
  clock = jumpingClock()
  const { index, acknowledgements } = hub.hub.gateway.deps
  due = new DueAlerts({ index, acknowledgements, clock, acknowledgeMs: WITHIN_MS })
  url = await streams.gatewayWith({ due })
}

const publish = async (changes: Partial<Alert> = {}) => {
  const alert = sampleAlert({ precedence: 'FLASH', label: LABEL, ...changes })
  const bytes = await signed(alert, hub.home.alertSigner('ctd-kp'))
  const { status, json } = await hub.publish(bytes, KP, alert.realm)
  if (status !== 201) throw new Error(String(json['code']))
  await hub.settled()
  return { alert, bytes, id: alert.id, acceptedAtMs: Number(json['acceptedAtMs']) }
}

const page = async (principal: string, at = url) => {
  const authorization = `Bearer ${await hub.token(principal)}`
  const answer = await fetch(`${at}/v1/feed?from=now&kind=LOOKOUT`, { headers: { authorization } })
  const json = (await answer.json()) as Record<string, unknown>
  const reminders = (json['reminders'] ?? []) as readonly Record<string, unknown>[]
  return { status: answer.status, json, reminders, ids: reminders.map(({ id }) => id) }
}

const acknowledge = async ({ id }: { readonly id: string }, principal: string) => {
  const { status } = await hub.request(`/v1/alerts/ctd-kp/${id}/acknowledgements`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await hub.token(principal)}` },
  })
  if (status !== 201) throw new Error(String(status))
  await hub.hub.gateway.caughtUp()
}

const acknowledgementOf = async ({ id }: { readonly id: string }, principal = KP) => {
  const authorization = `Bearer ${await hub.token(principal)}`
  const headers = { authorization }
  const answer = await fetch(`${url}/v1/alerts/ctd-kp/${id}/status`, { headers })
  return ((await answer.json()) as { acknowledgement: unknown }).acknowledgement
}

const rabta = (...args: readonly string[]) => runRabta(args)

const remindersOnRecord = async (id: string, principal: string) =>
  (await streams.releasesTo(principal)).filter(
    ({ alert, reasons }) => alert?.id === id && reasons.includes('reminder'),
  )

describe('a page', () => {
  test('reminds each agency of an alert that is due until one of its principals acknowledges', async () => {
    await begin()
    const one = await publish()
    const { id, acceptedAtMs } = one
    expect((await page(COORDINATOR)).ids).not.toContain(id)
    expect(await acknowledgementOf(one)).toMatchObject({
      dueAtMs: acceptedAtMs + WITHIN_MS.FLASH,
      acknowledgedBy: [],
      overdue: false,
    })
    clock.jump(WITHIN_MS.FLASH)
    for (const principal of [COORDINATOR, LIAISON, PUNJAB]) {
      expect((await page(principal)).reminders).toContainEqual({
        origin: 'ctd-kp',
        id,
        digest: hex(digestIn(one.bytes)),
        precedence: 'FLASH',
        dueAtMs: acceptedAtMs + WITHIN_MS.FLASH,
      })
    }
    await acknowledge(one, COORDINATOR)
    expect((await page(COORDINATOR)).ids).not.toContain(id)
    expect((await page(LIAISON)).ids).not.toContain(id)
    expect((await page(PUNJAB)).ids).toContain(id)
    await acknowledge(one, PUNJAB)
    expect((await page(PUNJAB)).ids).not.toContain(id)
  })

  test('reminds of an IMMEDIATE alert later than of a FLASH, and of no other', async () => {
    await begin()
    const immediate = await publish({ precedence: 'IMMEDIATE' })
    const priority = await publish({ precedence: 'PRIORITY' })
    clock.jump(WITHIN_MS.FLASH)
    expect((await page(COORDINATOR)).ids).not.toContain(immediate.id)
    clock.jump(WITHIN_MS.IMMEDIATE)
    const { ids } = await page(COORDINATOR)
    expect(ids).toContain(immediate.id)
    expect(ids).not.toContain(priority.id)
  })

  test('reminds nobody whom the label does not allow, nobody of the origin, in no other realm', async () => {
    await begin()
    const { id } = await publish()
    clock.jump(WITHIN_MS.FLASH)
    const before = await hub.recordCount()
    expect((await page(OUTSIDER)).reminders).toEqual([])
    expect((await page('ctd-kp/duty-officer')).reminders).toEqual([])
    expect(due.list('exercise').alerts).toEqual([])
    expect(due.list('live').alerts.map((alert) => alert.id)).toContain(id)
    const records = (await hub.records(before)).filter(({ action }) => action !== 'TOKEN')
    expect(records).toEqual([])
    await streams.set(COORDINATOR, { clearance: 'UNCLASSIFIED' })
    expect((await page(COORDINATOR)).reminders).toEqual([])
    await streams.set(COORDINATOR, { clearance: 'SECRET' })
    expect((await page(COORDINATOR)).ids).toContain(id)
  })

  test('has it on record before, once for each reader, and reminds not at all without', async () => {
    await begin()
    const { id } = await publish()
    clock.jump(WITHIN_MS.FLASH)
    const { accessLog } = hub.hub.gateway.deps
    const broken = await streams.gatewayWith({
      due,
      accessLog: {
        ...accessLog,
        append: async (drafts) => {
          if (drafts.length > 0) throw new OutcomeUnknown('planned')
          return []
        },
      },
    })
    expect(await page(PUNJAB, broken)).toMatchObject({
      status: 503,
      json: { code: 'record-not-durable' },
    })
    for (const _ of Array(3)) expect((await page(PUNJAB)).ids).toContain(id)
    expect(await remindersOnRecord(id, PUNJAB)).toMatchObject([{ outcome: 'ALLOWED' }])
  })

  test('reminds of nothing that has expired or was recalled', async () => {
    await begin()
    const expiresAtMs = Date.now() + 60_000
    const expiring = await publish({ expiresAtMs })
    const wrong = await publish()
    clock.jump(WITHIN_MS.FLASH)
    expect((await page(COORDINATOR)).ids).toEqual(expect.arrayContaining([expiring.id, wrong.id]))
    expect(await acknowledgementOf(wrong)).toMatchObject({ overdue: true })
    const recall = recallOf(wrong.alert, wrong.bytes)
    await publish(recall)
    const later = jumpingClock()
    later.jump(120_000)
    url = await streams.gatewayWith({ due, clock: later })
    const { ids } = await page(COORDINATOR)
    expect(ids).not.toContain(expiring.id)
    expect(ids).not.toContain(wrong.id)
    for (const one of [expiring, wrong]) {
      expect(await acknowledgementOf(one)).toMatchObject({ overdue: false, awaitedFrom: [] })
    }
  })

  test('gives no more than it may, FLASH first, and says that there are more', async () => {
    await begin()
    await publish()
    const lists = due.list.bind(due)
    clock.jump(WITHIN_MS.IMMEDIATE + 1)
    const [flash] = lists('live').alerts
    const many = Array.from({ length: LIMITS.remindersMax + 1 }, () => ({ ...flash }))
    const crowded = new Proxy(due, {
      get: (target, name) =>
        name === 'list'
          ? () => ({ alerts: many, isCut: false })
          : Reflect.get(target, name).bind(target),
    })
    const { json, reminders } = await page(PUNJAB, await streams.gatewayWith({ due: crowded }))
    expect(reminders).toHaveLength(LIMITS.remindersMax)
    expect(json['remindersCut']).toBe(true)
    const precedences = lists('live').alerts.map(({ precedence }) => precedence)
    expect(precedences).toEqual(precedences.toSorted())
    expect(new Set(precedences).size).toBe(2)
  })
})

describe('a stream', () => {
  test('reminds when an alert becomes due, once, without an id, and again when it is opened anew', async () => {
    await begin()
    const one = await publish()
    const reader = await streams.open(PUNJAB, { url })
    const isIt = ({ event, data }: (typeof reader.events)[number]) =>
      event === 'reminder' && data['id'] === one.id
    await reader.until(({ heartbeats }) => heartbeats > 0)
    expect(reader.events.filter(isIt)).toEqual([])
    clock.jump(WITHIN_MS.FLASH)
    await reader.until(({ events }) => events.some(isIt))
    await publish({ label: { ...LABEL, classification: 'UNCLASSIFIED' } })
    await reader.until(({ alertIds }) => alertIds.length === 1)
    expect(reader.events.filter(isIt)).toMatchObject([{ id: null }])
    await acknowledge(one, PUNJAB)
    const again = await streams.open(PUNJAB, { url })
    const third = await publish()
    await again.until(({ alertIds }) => alertIds.includes(third.id))
    expect(again.events.filter(isIt)).toEqual([])
    const other = await streams.open(COORDINATOR, { url })
    await other.until(({ events }) => events.some(isIt))
  })

  test('ends alone when the alerts that are due cannot be looked up', async () => {
    await begin()
    let isBroken = false
    const breaking = new Proxy(due, {
      get: (target, name) => {
        if (isBroken && name === 'list') throw new Error('planned')
        return Reflect.get(target, name).bind(target)
      },
    })
    const at = await streams.gatewayWith({ due: breaking })
    const reader = await streams.open(OUTSIDER, { url: at })
    await reader.until(({ heartbeats }) => heartbeats > 0)
    isBroken = true
    await reader.until(({ endReason }) => endReason !== null)
    expect(reader.endReason).toBe('internal')
    isBroken = false
    expect((await page(OUTSIDER, at)).status).toBe(200)
  })
})

describe('through the SDK and the command line', () => {
  test('a reminder comes typed with page and stream, and is printed with what ends it', async () => {
    await begin()
    const one = await publish()
    clock.jump(WITHIN_MS.FLASH)
    const session = sessionAt(hub, PUNJAB, { url })
    const expected = {
      origin: 'ctd-kp',
      id: one.id,
      precedence: 'FLASH',
      dueAtMs: one.acceptedAtMs + WITHIN_MS.FLASH,
    }
    const { reminders } = await feedPage(session, { from: 'now' })
    expect(reminders.find(({ id }) => id === one.id)).toMatchObject(expected)
    const stopping = new AbortController()
    const { signal } = stopping
    for await (const { reminder } of feedStream(session, { from: 'now', signal })) {
      if (reminder?.id !== one.id) continue
      expect(reminder).toMatchObject(expected)
      break
    }
    stopping.abort()
    const status = await alertStatus(sessionAt(hub, KP, { url }), one.alert)
    expect(status.acknowledgement).toMatchObject({ awaitedFrom: ['ctd-punjab', 'nacta'] })
    const asked = ['--as', PUNJAB, '--home', hub.home.home, '--gateway', url]
    const read = await rabta('feed', '--from', 'now', '--json', ...asked)
    expect(read.err).toContain(`NOT ACKNOWLEDGED  FLASH ctd-kp/${one.id}\n`)
    expect(read.out).toContain(JSON.stringify({ reminder: expected }))
    expect((await rabta('alert', 'ack', `ctd-kp/${one.id}`, ...asked)).exit).toBe(EXIT.ok)
    await hub.hub.gateway.caughtUp()
    expect((await rabta('feed', '--from', 'now', ...asked)).err).not.toContain(one.id)
  })
})

describe('the originator', () => {
  test('sees which agencies acknowledged and which are awaited, and no persons', async () => {
    await begin()
    const one = await publish()
    clock.jump(WITHIN_MS.FLASH)
    expect(await acknowledgementOf(one)).toEqual({
      dueAtMs: one.acceptedAtMs + WITHIN_MS.FLASH,
      acknowledgedBy: [],
      awaitedFrom: ['ctd-punjab', 'nacta'],
      overdue: true,
    })
    await acknowledge(one, LIAISON)
    expect(await acknowledgementOf(one)).toMatchObject({
      acknowledgedBy: ['nacta'],
      awaitedFrom: ['ctd-punjab'],
      overdue: true,
    })
    const at = { ...hub.hub.gateway.deps, due }
    const before = await overdueCount(at, 'live', 'FLASH')
    await acknowledge(one, PUNJAB)
    expect(await acknowledgementOf(one)).toMatchObject({
      acknowledgedBy: ['ctd-punjab', 'nacta'],
      awaitedFrom: [],
      overdue: false,
    })
    expect(await overdueCount(at, 'live', 'FLASH')).toBe(before - 1)
    expect(await overdueCount(at, 'exercise', 'FLASH')).toBe(0)
  })

  test('is told nothing of it where the caller may not ask whom a label reaches', async () => {
    await begin()
    const one = await publish()
    expect(await acknowledgementOf(one)).not.toBeNull()
    expect(await acknowledgementOf(one, 'ctd-kp/security-officer')).toBeNull()
  })
})

describe('acknowledgements', () => {
  test('are known to another gateway, and to this one after a restart', async () => {
    await begin()
    const one = await publish()
    await acknowledge(one, COORDINATOR)
    const settings = { ...DEFAULT_GATEWAY_SETTINGS, acknowledgeMs: { FLASH: 1, IMMEDIATE: 0 } }
    const folder = mkdtempSync(join(tmpdir(), 'rabta-second-'))
    const { home } = hub.home
    cpSync(home, folder, { recursive: true, filter: (path) => !/views|\.db/.test(path) })
    const second = await openGateway(folder, hub.hub.parts, settings)
    const app = buildGateway(second.deps, null)
    try {
      await second.caughtUp()
      const at = await app.listen({ host: '127.0.0.1', port: 0 })
      await expect.poll(async () => (await page(PUNJAB, at)).ids).toContain(one.id)
      expect((await page(LIAISON, at)).ids).not.toContain(one.id)
    } finally {
      await app.close()
      await second.close()
      rmSync(folder, { recursive: true, force: true })
    }
    await hub.close()
    await hub.open(settings)
    const restarted = hub.hub.url ?? ''
    expect((await page(PUNJAB, restarted)).ids).toContain(one.id)
    expect((await page(COORDINATOR, restarted)).ids).not.toContain(one.id)
    const { alerts } = hub.hub.gateway.deps.due.list('live')
    expect(alerts.every(({ precedence }) => precedence === 'FLASH')).toBe(true)
  })
})
