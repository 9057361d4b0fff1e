import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Alert } from '#core/alert.ts'
import { hex } from '#core/bytes.ts'
import { LIMITS } from '#core/limits.ts'
import type { RecallsQuery } from '#core/ports/alert-index.ts'
import { OutcomeUnknown } from '#core/ports/message-log.ts'
import { digestIn, recallOf, smuggle } from '#tests/recalls.ts'
import { agencyId, sampleAlert } from '#tests/sample-alert.ts'
import { COORDINATOR, LIAISON, openStreamHub, type StreamHub } from '#tests/stream-hub.ts'
import { signed, type TestHub } from '#tests/test-hub.ts'

const KP = 'ctd-kp/feed-system'
const OUTSIDER = 'ctd-sindh/analyst'
let streams: StreamHub
let hub: TestHub

beforeEach(async () => {
  streams = await openStreamHub()
  hub = streams.hub
})
afterEach(async () => {
  await streams.close()
})

interface Wrong {
  readonly alert: Alert
  readonly bytes: Uint8Array
}

const publish = async (alert = sampleAlert()): Promise<Wrong> => {
  const bytes = await signed(alert, hub.home.alertSigner('ctd-kp'))
  const { status, json } = await hub.publish(bytes, KP)
  if (status !== 201) throw new Error(String(json['code']))
  return { alert, bytes }
}

/** The notice that is expected of it. */
const recalled = async ({ alert, bytes }: Wrong) => {
  const recall = recallOf(alert, bytes)
  await publish(recall)
  await hub.settled()
  const digest = hex(digestIn(bytes))
  return { origin: 'ctd-kp', id: alert.id, digest, recalledBy: recall.id }
}

const page = async (principal: string, query = '') => {
  const { status, json } = await hub.get(`/v1/feed?limit=500${query}`, principal)
  return { status, json, notices: json['notices'] as readonly Record<string, unknown>[] }
}

const releasesOf = async (id: unknown, principal = COORDINATOR) =>
  (await streams.releasesTo(principal)).filter(({ alert }) => alert?.id === id)

describe('a page', () => {
  test('tells of a recall although its cursor is behind all and its filter lets none through', async () => {
    const wrong = await publish()
    await hub.settled()
    const { json } = await page(COORDINATOR, '&kind=LOOKOUT')
    const notice = await recalled(wrong)
    const next = await page(COORDINATOR, `&kind=LOOKOUT&from=${json['next']}`)
    expect(next.notices).toMatchObject([notice])
    expect(next.json).toMatchObject({ noticesCut: false, items: [] })
    // Again with each page: whoever lost the first answer is told by the next.
    expect((await page(LIAISON, '&from=now')).notices).toMatchObject([notice])
    expect((await page(COORDINATOR, '&from=now')).notices).toMatchObject([notice])
  })

  test('has it on record before, once for each reader and process, as a notice', async () => {
    const { recalledBy } = await recalled(await publish())
    for (const _ of Array(3)) await page(COORDINATOR, '&from=now')
    const records = await releasesOf(recalledBy)
    expect(records).toMatchObject([{ outcome: 'ALLOWED', reasons: ['recall-notice'] }])
    await hub.close()
    await hub.open()
    expect((await page(COORDINATOR, '&from=now')).notices).toHaveLength(1)
    expect(await releasesOf(recalledBy)).toHaveLength(2)
  })

  test('tells nothing when the record cannot be written', async () => {
    await recalled(await publish())
    const { accessLog } = hub.hub.gateway.deps
    const url = await streams.gatewayWith({
      accessLog: {
        ...accessLog,
        append: async (drafts) => {
          if (drafts.length > 0) throw new OutcomeUnknown('planned')
          return []
        },
      },
    })
    const authorization = `Bearer ${await hub.token(COORDINATOR)}`
    const answer = await fetch(`${url}/v1/feed?from=now`, { headers: { authorization } })
    expect(answer.status).toBe(503)
    expect(await answer.json()).toMatchObject({ code: 'record-not-durable' })
  })

  test('tells nothing to whom the label does not allow, and makes no record of it', async () => {
    const { recalledBy } = await recalled(await publish())
    expect((await page(OUTSIDER)).notices).toEqual([])
    expect(await releasesOf(recalledBy, OUTSIDER)).toEqual([])
    await streams.set(COORDINATOR, { clearance: 'UNCLASSIFIED' })
    expect((await page(COORDINATOR)).notices).toEqual([])
    expect(await releasesOf(recalledBy)).toEqual([])
  })

  test('tells the newest of the last days, and says when there are more', async () => {
    const wrongs = [await publish(), await publish(), await publish()]
    for (const wrong of wrongs) await recalled(wrong)
    const asked: RecallsQuery[] = []
    const { index } = hub.hub.gateway.deps
    const few = new Proxy(index, {
      get: (target, name) => {
        const member = Reflect.get(target, name).bind(target)
        if (name !== 'recalls') return member
        return (query: RecallsQuery) => {
          asked.push(query)
          return member({ ...query, limit: 2 })
        }
      },
    })
    const url = await streams.gatewayWith({ index: few })
    const authorization = `Bearer ${await hub.token(COORDINATOR)}`
    const answer = await fetch(`${url}/v1/feed?from=now`, { headers: { authorization } })
    const newest = [{ id: wrongs[2]?.alert.id }, { id: wrongs[1]?.alert.id }]
    expect(await answer.json()).toMatchObject({ notices: newest, noticesCut: true })
    expect(asked[0]?.limit).toBe(LIMITS.recallNoticesMax)
    const daysMs = LIMITS.recallNoticeDays * 86_400_000
    const agoMs = Date.now() - (asked[0]?.sinceMs ?? 0)
    expect(agoMs).toBeGreaterThanOrEqual(daysMs)
    expect(agoMs).toBeLessThan(daysMs + 60_000)
  })
})

describe('a stream', () => {
  test('tells of recalls at its opening and at once when they come, without an id', async () => {
    const first = await recalled(await publish())
    const wrong = await publish()
    await hub.settled()
    const reader = await streams.open(COORDINATOR)
    await reader.until(({ events }) => events.length === 1)
    const before = reader.lastId
    const second = await recalled(wrong)
    await reader.until(({ events }) => events.length === 3)
    expect(reader.events.map(({ event, id }) => [event, id === null])).toEqual([
      ['recall', true],
      ['recall', true],
      ['alert', false],
    ])
    expect(reader.events.map(({ data }) => data)).toMatchObject([
      first,
      second,
      { id: second.recalledBy },
    ])
    const again = await streams.resume(COORDINATOR, before)
    await again.until(({ events }) => events.length === 3)
    expect(again.events.map(({ event }) => event)).toEqual(['recall', 'recall', 'alert'])
  })

  test('tells of each once, however often something comes', async () => {
    await recalled(await publish())
    const reader = await streams.open(COORDINATOR)
    for (const at of [1, 2, 3]) {
      await publish()
      await reader.until(({ alertIds }) => alertIds.length === at)
    }
    expect(reader.events.filter(({ event }) => event === 'recall')).toHaveLength(1)
  })

  test('tells nothing to whom the label does not allow, until it does', async () => {
    const { id } = await recalled(await publish())
    await streams.set(COORDINATOR, { clearance: 'UNCLASSIFIED' })
    const reader = await streams.open(COORDINATOR)
    const label = { ...sampleAlert().label, classification: 'UNCLASSIFIED' as const }
    await publish(sampleAlert({ label }))
    await reader.until(({ alertIds }) => alertIds.length === 1)
    expect(reader.events).toHaveLength(1)
    await streams.set(COORDINATOR, { clearance: 'SECRET' })
    await publish(sampleAlert({ label }))
    await reader.until(({ alertIds }) => alertIds.length === 2)
    expect(reader.events[1]).toMatchObject({ event: 'recall', data: { id } })
  })

  test('tells of a recall whose alert comes after it', async () => {
    const reader = await streams.open(COORDINATOR)
    const late = sampleAlert({ origin: agencyId('ctd-kp') })
    const bytes = await signed(late, hub.home.alertSigner('ctd-kp'))
    await smuggle(hub, recallOf(late, bytes))
    await hub.publish(bytes, KP)
    await reader.until(({ events }) => events.some(({ event }) => event === 'recall'))
    expect(reader.alertIds).not.toContain(late.id)
  })
})
