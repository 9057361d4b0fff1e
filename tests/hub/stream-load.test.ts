import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Alert } from '#core/alert.ts'
import { LIMITS } from '#core/limits.ts'
import type { Caller } from '#core/ports/tokens.ts'
import { jumpingClock } from '#tests/jumping-clock.ts'
import { COORDINATOR, LIAISON, openStreamHub, pause, type StreamHub } from '#tests/stream-hub.ts'
import { StreamReader } from '#tests/stream-reader.ts'
import type { TestHub } from '#tests/test-hub.ts'

let streams: StreamHub
let hub: TestHub

beforeEach(async () => {
  streams = await openStreamHub()
  hub = streams.hub
})
afterEach(() => streams.close())

/** In no certain order. */
const publishAtOnce = (count: number, changes: Partial<Alert>): Promise<readonly string[]> =>
  Promise.all(Array.from({ length: count }, () => streams.publish(changes)))

describe('a reader that is slow', () => {
  /** Some 100 KiB on the wire: sockets' own buffers hold few of them. */
  const large: Partial<Alert> = {
    texts: (['en', 'ur'] as const).map((language) => ({
      language,
      headline: 'Invented',
      narrative: 'ب'.repeat(20_000),
    })),
  }
  const COUNT = 150

  test('holds up nobody, has little recorded ahead, and gets all once it reads', async () => {
    const [slow, quick] = [await streams.open(COORDINATOR), await streams.open(LIAISON)]
    await slow.until(({ heartbeats }) => heartbeats === 1)
    slow.pause()
    const ids = await publishAtOnce(COUNT, large)
    await quick.until(({ alertIds }) => alertIds.length === COUNT, 10_000)
    expect([...quick.alertIds].sort()).toEqual([...ids].sort())
    const recorded = (await streams.releasesTo(COORDINATOR)).length
    expect(recorded).toBeLessThan(COUNT - LIMITS.streamRecordedAheadMax)
    await pause(300)
    expect(await streams.releasesTo(COORDINATOR)).toHaveLength(recorded)
    slow.resume()
    await slow.until(({ alertIds }) => alertIds.length === COUNT, 10_000)
    expect(slow.alertIds).toEqual(quick.alertIds)
  }, 30_000)

  test('is cut off when it takes nothing for long, or has lost its rights', async () => {
    const clock = jumpingClock()
    const url = await streams.gatewayWith({ clock })
    const [stalled, suspended] = [
      await streams.open(LIAISON, { url }),
      await streams.open(COORDINATOR),
    ]
    for (const reader of [stalled, suspended]) {
      await reader.until(({ heartbeats }) => heartbeats === 1)
      reader.pause()
    }
    await publishAtOnce(COUNT, large)
    await hub.settled()
    await streams.set(COORDINATOR, { suspended: true })
    await pause(2 * LIMITS.streamCheckMs)
    clock.jump(LIMITS.streamStallMsMax)
    await pause(2 * LIMITS.streamCheckMs)
    for (const reader of [stalled, suspended]) {
      reader.resume()
      await reader.closed()
      expect(reader.endReason).toBeNull()
      expect(reader.alertIds.length).toBeLessThan(COUNT)
    }
  }, 30_000)
})

test('a thousand streams each get an alert that is published then', async () => {
  const callers: Caller[] = []
  for (let at = 0; at * LIMITS.streamsPerPrincipalMax < 1_000; at += 1) {
    const principal = `nacta/reader-${at}` as Caller['principal']
    callers.push({ principal, realm: 'live' })
    await streams.set(principal, {})
  }
  const { tokens } = hub.hub.gateway.deps
  const issued = callers.map((one) => tokens.issue(one, Date.now(), LIMITS.tokenLifeMs))
  const address = `${hub.hub.url}/v1/feed/stream?from=now`
  for (const token of await Promise.all(issued)) {
    const headers = { authorization: `Bearer ${token}` }
    const eight = Array.from({ length: 8 }, () => StreamReader.open(address, headers))
    streams.opened.push(...(await Promise.all(eight)))
  }
  expect(streams.opened.filter(({ status }) => status === 200)).toHaveLength(1_000)
  const id = await streams.publish()
  await Promise.all(streams.opened.map((one) => one.until(({ alertIds }) => alertIds.length > 0)))
  expect(streams.opened.every(({ alertIds }) => alertIds.length === 1 && alertIds[0] === id)).toBe(
    true,
  )
  const records = (await hub.records()).filter(({ action }) => action === 'RELEASE')
  expect(records).toHaveLength(1_000)
}, 20_000)
