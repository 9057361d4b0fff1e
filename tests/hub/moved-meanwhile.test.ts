import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { SIGNED_ALERT_TYPE } from '#core/envelope.ts'
import { LIMITS } from '#core/limits.ts'
import type { Clock } from '#core/ports/clock.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { enter } from '#tests/directory-entries.ts'
import { recallOf } from '#tests/recalls.ts'
import { agencyId, sampleAlert } from '#tests/sample-alert.ts'
import { COORDINATOR, openStreamHub, type StreamHub } from '#tests/stream-hub.ts'
import { signed } from '#tests/test-hub.ts'

let streams: StreamHub

beforeEach(async () => {
  streams = await openStreamHub()
})
afterEach(async () => {
  await streams.close()
})

/** What takes every alert from the coordinator, which stays a subscriber. */
const narrow = () => streams.set(COORDINATOR, { clearance: 'UNCLASSIFIED' })

const page = async (parts: Partial<GatewayDeps>) => {
  const url = await streams.gatewayWith(parts)
  const authorization = `Bearer ${await streams.hub.token(COORDINATOR)}`
  const answer = await fetch(`${url}/v1/feed?limit=500`, { headers: { authorization } })
  return (await answer.json()) as Readonly<Record<'items' | 'notices', readonly unknown[]>>
}

/** Publishes an alert and recalls it, so that there is a notice to be recorded. */
const recalled = async (): Promise<void> => {
  const alert = sampleAlert()
  const bytes = await signed(alert, streams.hub.home.alertSigner('ctd-kp'))
  await streams.hub.publish(bytes, 'ctd-kp/feed-system')
  await streams.publish(recallOf(alert, bytes))
  await streams.hub.settled()
}

describe('what the directory takes while a page is made does not go', () => {
  test('while the seals of its alerts are opened, a few at a time', async () => {
    const count = LIMITS.releaseSliceAlerts + 1
    await Promise.all(Array.from({ length: count }, () => streams.publish()))
    await streams.hub.settled()
    const { clock } = streams.hub.hub.gateway.deps
    let pauses = 0
    const sleep: Clock['sleep'] = async (ms, signal) => {
      if (ms > 0) return clock.sleep(ms, signal)
      pauses += 1
      await narrow()
    }
    const taken = await page({
      clock: { nowMs: () => clock.nowMs(), monotonicMs: () => clock.monotonicMs(), sleep },
    })
    expect(pauses).toBe(1)
    expect(taken.items).toEqual([])
    expect((await page({})).items).toEqual([])
    await streams.set(COORDINATOR, {})
    expect((await page({})).items).toHaveLength(count)
  }, 60_000)

  test.each(['a notice', 'an alert'])('while %s is recorded', async (what) => {
    await recalled()
    await streams.publish()
    await streams.hub.settled()
    const { accessLog } = streams.hub.hub.gateway.deps
    const append: typeof accessLog.append = async (drafts) => {
      const written = await accessLog.append(drafts)
      const isNotice = drafts.some(({ reasons }) => reasons.includes('recall-notice'))
      if (isNotice === (what === 'a notice')) await narrow()
      return written
    }
    const taken = await page({ accessLog: { append } })
    expect([taken.items, taken.notices]).toEqual([[], []])
  })
})

test('the directory itself is not given to one who is suspended while that is recorded', async () => {
  const { accessLog } = streams.hub.hub.gateway.deps
  const append: typeof accessLog.append = async (drafts) => {
    const written = await accessLog.append(drafts)
    await streams.set(COORDINATOR, { suspended: true })
    return written
  }
  const url = await streams.gatewayWith({ accessLog: { append } })
  const authorization = `Bearer ${await streams.hub.token(COORDINATOR)}`
  const answer = await fetch(`${url}/v1/directory/entries`, { headers: { authorization } })
  expect([answer.status, (await streams.hub.records()).at(-1)?.outcome]).toEqual([404, 'ALLOWED'])
})

test('who is suspended while a publication is recorded has published nothing', async () => {
  const publisher = 'ctd-kp/duty-officer'
  const suspendAgency = () =>
    enter(streams.hub, streams.hub.home.rootSigner, {
      type: 'AgencyStanding',
      agency: agencyId('ctd-kp'),
      suspended: true,
    })
  const { accessLog } = streams.hub.hub.gateway.deps
  let records = 0
  const append: typeof accessLog.append = async (drafts, options) => {
    const written = await accessLog.append(drafts, options)
    records += 1
    if (records === 1) await suspendAgency()
    return written
  }
  const url = await streams.gatewayWith({ accessLog: { append } })
  const alert = sampleAlert()
  const answer = await fetch(`${url}/v1/alerts`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await streams.hub.token(publisher)}`,
      'content-type': SIGNED_ALERT_TYPE,
    },
    body: new Uint8Array(await signed(alert, streams.hub.home.alertSigner('ctd-kp'))),
  })
  expect(answer.status).toBe(403)
  expect(await streams.hub.hub.gateway.deps.intake.find('live', alert)).toBeNull()
  const outcomes = (await streams.hub.records()).filter((one) => one.alert?.id === alert.id)
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(['ALLOWED', 'DENIED'])
})

test('an acknowledgement tells nothing to one who is suspended while it is recorded', async () => {
  const id = await streams.publish()
  await streams.hub.settled()
  const { accessLog } = streams.hub.hub.gateway.deps
  const append: typeof accessLog.append = async (drafts) => {
    const written = await accessLog.append(drafts)
    await narrow()
    return written
  }
  const url = await streams.gatewayWith({ accessLog: { append } })
  const authorization = `Bearer ${await streams.hub.token(COORDINATOR)}`
  const address = `${url}/v1/alerts/ctd-kp/${id}/acknowledgements`
  const answer = await fetch(address, { method: 'POST', headers: { authorization } })
  expect(answer.status).toBe(404)
})
