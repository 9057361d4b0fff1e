import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { feedPages } from '#clients/sdk/feed.ts'
import {
  RecalledAlerts,
  type RecallMemory,
  type RecallNotice,
} from '#clients/sdk/recalled-alerts.ts'
import type { Session } from '#clients/sdk/session.ts'
import type { Alert } from '#core/alert.ts'
import { digestIn, recallOf } from '#tests/recalls.ts'
import { sampleAlert } from '#tests/sample-alert.ts'
import { sessionAt } from '#tests/sdk-session.ts'
import { openTestHub, signed, type TestHub } from '#tests/test-hub.ts'

let hub: TestHub
let session: Session
let saved: readonly string[]
let recalled: RecalledAlerts
const memory: RecallMemory = {
  load: async () => saved,
  save: async (marks) => {
    saved = marks
  },
}

beforeAll(async () => {
  hub = await openTestHub()
  session = sessionAt(hub, 'nacta/coordinator')
})
afterAll(async () => {
  await hub.close()
  hub.home.remove()
})
beforeEach(() => {
  saved = []
  recalled = new RecalledAlerts(session, memory)
})

const publish = async (alert: Alert) => {
  const bytes = await signed(alert, hub.home.alertSigner('ctd-kp'))
  const { status } = await hub.publish(bytes, 'ctd-kp/feed-system')
  if (status !== 201) throw new Error(String(status))
  const { origin, id } = alert
  return { alert, bytes, copy: { origin, id, digest: digestIn(bytes) } }
}

const noticeOf = async (id: string): Promise<RecallNotice> => {
  for await (const { notices } of feedPages(session, { from: 'now' })) {
    const notice = notices.find((one) => one.id === id)
    if (notice !== undefined) return notice
  }
  throw new Error('no notice came')
}

test('a notice marks the copy once the recall that it names is read and verified', async () => {
  const { alert, bytes, copy } = await publish(sampleAlert())
  const recall = await publish(recallOf(alert, bytes))
  await hub.settled()
  expect(await recalled.recallOf(copy)).toBeNull()
  expect(await recalled.takeNotice(await noticeOf(alert.id))).toBe('recalled')
  expect(await recalled.recallOf(copy)).toBe(recall.alert.id)
  expect(await recalled.recallOf({ ...copy, digest: new Uint8Array(32) })).toBeNull()
  const later = new RecalledAlerts(session, memory)
  expect(await later.recallOf(copy)).toBe(recall.alert.id)
  expect(await later.recallOfName(alert)).toBe(recall.alert.id)
})

test('a notice that a hub made up marks nothing', async () => {
  const [one, other] = [await publish(sampleAlert()), await publish(sampleAlert())]
  await publish(recallOf(other.alert, other.bytes))
  await hub.settled()
  const notice = await noticeOf(other.alert.id)
  const madeUp = [
    { ...notice, id: one.alert.id, digest: one.copy.digest },
    { ...notice, digest: one.copy.digest },
    { ...notice, id: one.alert.id },
    { ...notice, ...one.copy, recalledBy: one.alert.id },
    { ...notice, ...one.copy, recalledBy: sampleAlert().id },
  ]
  for (const lie of madeUp) expect(await recalled.takeNotice(lie)).toBe('unproven')
  expect(saved).toEqual([])
  expect(await recalled.recallOf(one.copy)).toBeNull()
})

test('a recall that comes in the feed marks the copy, a fault marks nothing', async () => {
  const { alert, bytes, copy } = await publish(sampleAlert())
  await publish(recallOf(alert, bytes))
  await hub.settled()
  for await (const { items } of feedPages(session)) {
    for (const item of items) {
      const fault = { ok: false, fault: 'other-alert', detail: null, evidence: item } as const
      expect(await recalled.take({ ...fault, name: null })).toBeNull()
    }
    expect(await recalled.recallOf(copy)).toBeNull()
    for (const item of items) await recalled.take(item)
  }
  expect(await recalled.recallOf(copy)).not.toBeNull()
})
