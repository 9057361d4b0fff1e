import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { homePaths } from '#adapters/files/home.ts'
import type { AlertIndex, IndexedAlert } from '#core/ports/alert-index.ts'
import { type Uuid, uuidBytes } from '#core/uuid.ts'
import { COORDINATOR, openStreamHub, type StreamHub } from '#tests/stream-hub.ts'
import type { TestHub } from '#tests/test-hub.ts'

let streams: StreamHub
let hub: TestHub
let ids: readonly string[]

beforeEach(async () => {
  streams = await openStreamHub()
  hub = streams.hub
  ids = [await streams.publish(), await streams.publish(), await streams.publish()]
  await hub.settled()
})
afterEach(async () => {
  await streams.close()
})

const viewFile = () => join(homePaths(hub.home.home).views('gateway'), 'alerts.db')

/** One bit of the second alert's frame, as a disk may turn it. */
const damage = async (): Promise<void> => {
  await hub.close()
  const db = new DatabaseSync(viewFile())
  const id = uuidBytes(ids[1] as Uuid)
  const frame = db.prepare('SELECT frame FROM alerts WHERE id = ?').get(id)?.['frame']
  if (!(frame instanceof Uint8Array)) throw new Error('no such row')
  frame[frame.length - 1] = (frame[frame.length - 1] ?? 0) ^ 1
  db.prepare('UPDATE alerts SET frame = ? WHERE id = ?').run(frame, id)
  db.close()
  await hub.open()
}

const page = async (from: unknown) => {
  const { status, json } = await hub.get(`/v1/feed?from=${from}`, COORDINATOR)
  const items = (json['items'] ?? []) as readonly { readonly id: string }[]
  return { status, json, ids: items.map(({ id }) => id) }
}

test('a page stops before a damaged alert and passes it by in no case', async () => {
  await damage()
  const first = await page('earliest')
  expect([first.ids, first.json['isEnd']]).toEqual([[ids[0]], false])
  const second = await page(first.json['next'])
  expect([second.status, second.json['code']]).toEqual([503, 'index-damaged'])
  expect(await streams.releasesTo(COORDINATOR)).toHaveLength(1)
  expect(hub.alarms).toContainEqual(expect.objectContaining({ what: 'index-damaged' }))
})

test('a stream gives what is before it and ends there; its cursor loses nothing', async () => {
  await damage()
  const reader = await streams.open(COORDINATOR, { query: '?from=earliest' })
  await reader.closed()
  expect([reader.alertIds, reader.endReason]).toEqual([[ids[0]], 'index-damaged'])
  // What the alarm asks for: the view is deleted, and is made again from the topics.
  await hub.close()
  rmSync(viewFile())
  await hub.open()
  await hub.settled()
  const again = await streams.resume(COORDINATOR, reader.lastId)
  await again.until(({ alertIds }) => alertIds.length === 2)
  expect(again.alertIds).toEqual(ids.slice(1))
})

test('a direct read says that it is this node, not the alert', async () => {
  await damage()
  const path = `/v1/alerts/ctd-kp/${ids[1]}`
  const { status, json } = await hub.get(path, COORDINATOR)
  expect([status, json['code']]).toEqual([503, 'index-damaged'])
  // To others it is not there, as ever.
  expect((await hub.get(path, 'ctd-sindh/analyst')).status).toBe(404)
})

/** An index of which the second alert's row is read with one bit turned. */
const damagedAs = (index: AlertIndex, column: 'frame' | 'digest'): AlertIndex => {
  const damaged = (alert: IndexedAlert): IndexedAlert => {
    if (alert.id !== ids[1]) return alert
    const bytes = alert[column].slice()
    bytes[0] = (bytes[0] ?? 0) ^ 1
    return { ...alert, [column]: bytes }
  }
  const find: AlertIndex['find'] = (realm, name) => {
    const alert = index.find(realm, name)
    return alert && damaged(alert)
  }
  const page: AlertIndex['page'] = (query) => {
    const { alerts, next } = index.page(query)
    return { alerts: alerts.map(damaged), next }
  }
  const changed = new Map<unknown, unknown>([
    ['find', find],
    ['page', page],
  ])
  return new Proxy(index, {
    get: (_, name) => {
      const method: unknown = Reflect.get(index, name)
      return changed.get(name) ?? (typeof method === 'function' ? method.bind(index) : method)
    },
  })
}

test.each(['frame', 'digest'] as const)(
  'a process that remembers the alert does not give it for a row with a damaged %s',
  async (column) => {
    // Nothing was closed since the alerts came: their frames are remembered.
    expect((await page('earliest')).ids).toEqual(ids)
    const { index } = hub.hub.gateway.deps
    const url = await streams.gatewayWith({ index: damagedAs(index, column) })
    const headers = { authorization: `Bearer ${await hub.token(COORDINATOR)}` }
    const answer = await fetch(`${url}/v1/feed?from=earliest`, { headers })
    const { items, isEnd } = (await answer.json()) as {
      readonly items: readonly { readonly id: string }[]
      readonly isEnd: boolean
    }
    expect([items.map(({ id }) => id), isEnd]).toEqual([[ids[0]], false])
    expect(hub.alarms).toContainEqual(expect.objectContaining({ what: 'index-damaged' }))
  },
)
