import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Alert } from '#core/alert.ts'
import { LIMITS } from '#core/limits.ts'
import type { Caller } from '#core/ports/tokens.ts'
import { jumpingClock } from '#tests/jumping-clock.ts'
import { hasPython } from '#tests/python.ts'
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
const publishAtOnce = async (count: number, changes: Partial<Alert>) => {
  // By itself, for each of them would ask for a token of its own.
  const first = await streams.publish(changes)
  const others = Array.from({ length: count - 1 }, () => streams.publish(changes))
  return [first, ...(await Promise.all(others))]
}

/** Some 100 KiB on the wire: sockets' own buffers hold few of them. */
const LARGE: Partial<Alert> = {
  texts: (['en', 'ur'] as const).map((language) => ({
    language,
    headline: 'Invented',
    narrative: 'ب'.repeat(20_000),
  })),
}

describe('a reader that is slow', () => {
  const COUNT = 150

  test('holds up nobody, has little recorded ahead, and gets all once it reads', async () => {
    const [slow, quick] = [await streams.open(COORDINATOR), await streams.open(LIAISON)]
    await slow.until(({ heartbeats }) => heartbeats === 1)
    slow.pause()
    const ids = await publishAtOnce(COUNT, LARGE)
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
    await publishAtOnce(COUNT, LARGE)
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

/** For so many streams, as many to a reader as it may have. */
const tokensFor = async (count: number): Promise<readonly string[]> => {
  const callers: Caller[] = []
  for (let at = 0; at * LIMITS.streamsPerPrincipalMax < count; at += 1) {
    const principal = `nacta/reader-${at}` as Caller['principal']
    callers.push({ principal, realm: 'live' })
    await streams.set(principal, {})
  }
  const { tokens } = hub.hub.gateway.deps
  return Promise.all(callers.map((one) => tokens.issue(one, Date.now(), LIMITS.tokenLifeMs)))
}

test('a thousand streams each get an alert that is published then', async () => {
  const address = `${hub.hub.url}/v1/feed/stream?from=now`
  for (const token of await tokensFor(1_000)) {
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

describe.skipIf(!hasPython())('readers that take nothing (needs python3)', () => {
  /** The system's own buffers hold some 25 alerts for each: a thousand of them would fill it. */
  const STREAMS = 32
  const COUNT = 60

  test('hold a little each, hold up nobody, and leave nothing behind', async () => {
    const held = new Set<Socket>()
    hub.hub.app.server.on('connection', (socket) => {
      held.add(socket)
      socket.once('close', () => held.delete(socket))
    })
    const tokens = await tokensFor(STREAMS)
    const { hostname, port } = new URL(hub.hub.url ?? '')
    const readers = spawn('python3', ['tests/silent-readers.py', hostname, port])
    const [ended, faults] = [once(readers, 'close'), text(readers.stderr)]
    readers.stdin.write(`${tokens.length}\n${tokens.join('\n')}\n`)
    const begun = await Promise.race([once(readers.stdout, 'data'), faults])
    expect(String(begun)).toBe('open\n')
    const quick = await streams.open(LIAISON)
    const ids = await publishAtOnce(COUNT, LARGE)
    await quick.until(({ alertIds }) => alertIds.length === COUNT, 90_000)
    expect([...quick.alertIds].sort()).toEqual([...ids].sort())
    // Until every stream has come to stand still.
    const recorded = async () =>
      (await hub.records()).filter(
        ({ action, principal }) => action === 'RELEASE' && principal !== LIAISON,
      ).length
    let [before, now] = [-1, await recorded()]
    while (now < STREAMS || now !== before) {
      await pause(2 * LIMITS.streamCheckMs)
      ;[before, now] = [now, await recorded()]
    }
    expect(now).toBeLessThan(STREAMS * COUNT)
    const waiting = [...held].map(({ writableLength }) => writableLength)
    expect(waiting.filter((bytes) => bytes > 0)).toHaveLength(STREAMS)
    // A piece, its chunk's head, and what was in the socket when there was no room for more.
    expect(Math.max(...waiting)).toBeLessThanOrEqual(2 * LIMITS.streamPieceBytes)
    // In the middle of an alert.
    readers.kill('SIGKILL')
    await ended
    while (held.size > 1) await pause(20)
    expect(await recorded()).toBe(now)
    // Their places are free again.
    const address = `${hub.hub.url}/v1/feed/stream?from=now`
    const headers = { authorization: `Bearer ${tokens[0]}` }
    for (let at = 0; at < LIMITS.streamsPerPrincipalMax; at += 1) {
      streams.opened.push(await StreamReader.open(address, headers))
    }
    expect(
      streams.opened.slice(-LIMITS.streamsPerPrincipalMax).map(({ status }) => status),
    ).toEqual(Array(LIMITS.streamsPerPrincipalMax).fill(200))
  }, 240_000)
})
