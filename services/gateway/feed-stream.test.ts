import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { EventStream } from '#adapters/http/event-stream.ts'
import { createServer } from '#adapters/http/server.ts'
import { FeedStream } from '#services/gateway/feed-stream.ts'
import { openFeed, startOf } from '#services/gateway/read-feed.ts'
import { readerOf } from '#services/gateway/reader.ts'
import { Turns } from '#services/gateway/turns.ts'
import { recallOf } from '#tests/recalls.ts'
import { sampleAlert } from '#tests/sample-alert.ts'
import { COORDINATOR, openStreamHub, pause, type StreamHub } from '#tests/stream-hub.ts'
import { StreamReader } from '#tests/stream-reader.ts'
import { signed } from '#tests/test-hub.ts'

/** Of a reader that takes one alert and lets the next one wait. */
class HeldStream extends EventStream {
  private readonly until: Promise<void>

  constructor(until: Promise<void>, ...rest: ConstructorParameters<typeof EventStream>) {
    super(...rest)
    this.until = until
  }

  override async send(event: Parameters<EventStream['send']>[0]): Promise<boolean> {
    const isOpen = await super.send(event)
    await this.until
    return isOpen
  }
}

const NO_FILTER = {
  jurisdictions: null,
  classifications: null,
  precedences: null,
  kinds: null,
  origins: null,
}

let streams: StreamHub
let app: FastifyInstance
let reader: StreamReader
let held: PromiseWithResolvers<void>
let over: Promise<void>
let stream: FeedStream

beforeEach(async () => {
  streams = await openStreamHub()
  held = Promise.withResolvers()
  app = createServer({ logTo: null, readiness: [] })
})
afterEach(async () => {
  reader.cut()
  await over
  await app.close()
  await streams.close()
})

/** Resolves when all there is was recorded, and the first event was given. */
const openHeld = async (): Promise<void> => {
  await streams.hub.settled()
  const gateway = streams.hub.hub.gateway.deps
  app.get('/', async (request, reply) => {
    const who = await readerOf(gateway, request)
    if (!who.ok) throw new Error(who.refusal.code)
    const feed = openFeed(gateway, who.value, NO_FILTER)
    const from = await startOf(gateway, feed, 'earliest')
    if (!from.ok) throw new Error(from.refusal.code)
    const out = new HeldStream(held.promise, reply, gateway.clock)
    stream = new FeedStream({ gateway, turns: new Turns(1) }, feed, from.value, out)
    over = stream.run()
    return reply
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const authorization = `Bearer ${await streams.hub.token(COORDINATOR)}`
  reader = await StreamReader.open(url, { authorization })
  await reader.until(({ events }) => events.length === 1)
}

describe('an alert that waits for a slow reader is judged again before it goes', () => {
  test('it is kept from one who lost the right meanwhile, as all that was recorded with it', async () => {
    const first = await streams.publish()
    await streams.publish()
    await streams.publish({ label: { ...sampleAlert().label, classification: 'SECRET' } })
    const open = { ...sampleAlert().label, classification: 'UNCLASSIFIED' } as const
    const last = await streams.publish({ label: open })
    await openHeld()
    await streams.set(COORDINATOR, { clearance: 'UNCLASSIFIED' })
    held.resolve()
    await reader.until(({ alertIds }) => alertIds.length === 2)
    await pause(100)
    expect(reader.alertIds).toEqual([first, last])
    expect(await streams.releasesTo(COORDINATOR)).toHaveLength(4)
  })

  test('it does not go when it has expired', async () => {
    const first = await streams.publish()
    await streams.publish({ expiresAtMs: Date.now() + 1_500 })
    const last = await streams.publish()
    await openHeld()
    await pause(1_600)
    held.resolve()
    await reader.until(({ alertIds }) => alertIds.length === 2)
    expect(reader.alertIds).toEqual([first, last])
    expect(await streams.releasesTo(COORDINATOR)).toHaveLength(3)
  })

  test('it does not go when its originator has recalled it', async () => {
    const { hub } = streams
    const first = await streams.publish()
    const wrong = sampleAlert()
    const bytes = await signed(wrong, hub.home.alertSigner('ctd-kp'))
    await hub.publish(bytes, 'ctd-kp/feed-system')
    const last = await streams.publish()
    await openHeld()
    const recall = await signed(recallOf(wrong, bytes), hub.home.alertSigner('ctd-kp'))
    await hub.publish(recall, 'ctd-kp/feed-system')
    await hub.settled()
    held.resolve()
    await reader.until(({ alertIds }) => alertIds.length === 2)
    expect(reader.alertIds).toEqual([first, last])
  })

  test('nothing goes to one who is suspended, and the stream ends', async () => {
    const first = await streams.publish()
    await streams.publish()
    await openHeld()
    await streams.set(COORDINATOR, { suspended: true })
    held.resolve()
    await reader.closed()
    expect([reader.alertIds, reader.endReason]).toEqual([[first], 'suspended'])
  })
})

test('what is told of recalls is asked again before each, and told when the right comes back', async () => {
  const { hub } = streams
  for (const _ of Array(2)) {
    const wrong = sampleAlert()
    const bytes = await signed(wrong, hub.home.alertSigner('ctd-kp'))
    await hub.publish(bytes, 'ctd-kp/feed-system')
    await streams.publish(recallOf(wrong, bytes))
  }
  const open = { ...sampleAlert().label, classification: 'UNCLASSIFIED' } as const
  const last = await streams.publish({ label: open })
  await openHeld()
  await streams.set(COORDINATOR, { clearance: 'UNCLASSIFIED' })
  held.resolve()
  await reader.until(({ alertIds }) => alertIds.includes(last))
  const told = () => reader.events.filter(({ event }) => event === 'recall').length
  expect(told()).toBe(1)
  await streams.set(COORDINATOR, {})
  // Nobody else wakes this stream.
  stream.news()
  // The first goes again: the stream forgot it with the right to it.
  await reader.until(() => told() === 3)
})
