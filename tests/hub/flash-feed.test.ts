import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Classification } from '#core/classification.ts'
import { LIMITS } from '#core/limits.ts'
import type { Precedence } from '#core/precedence.ts'
import { sampleAlert } from '#tests/sample-alert.ts'
import { COORDINATOR, openStreamHub, type StreamHub } from '#tests/stream-hub.ts'

let streams: StreamHub

beforeEach(async () => {
  streams = await openStreamHub()
})
afterEach(async () => {
  await streams.close()
})

/** The level chooses the topic. */
const publish = async (precedence: Precedence, classification: Classification) => {
  const label = { ...sampleAlert().label, classification }
  const id = await streams.publish({ precedence, label })
  await streams.hub.settled()
  return id
}

const page = async (from: unknown, limit: number, query = '') => {
  const path = `/v1/feed?from=${from}&limit=${limit}${query}`
  const { json } = await streams.hub.get(path, COORDINATOR)
  const items = json['items'] as readonly { readonly id: string }[]
  return { ids: items.map(({ id }) => id), next: json['next'] }
}

test('to a reader who is behind, a topic with a FLASH comes first, in its own order', async () => {
  const old = [await publish('ROUTINE', 'RESTRICTED'), await publish('ROUTINE', 'RESTRICTED')]
  const before = await publish('ROUTINE', 'CONFIDENTIAL')
  const flash = await publish('FLASH', 'CONFIDENTIAL')
  const after = await publish('ROUTINE', 'CONFIDENTIAL')
  const wanted = [before, flash, ...old, after]
  expect((await page('earliest', 100)).ids).toEqual(wanted)
  const given: string[] = []
  let next: unknown = 'earliest'
  for (const _ of wanted) {
    const one = await page(next, 1)
    given.push(...one.ids)
    next = one.next
  }
  expect(given).toEqual(wanted)
  const reader = await streams.open(COORDINATOR, { query: '?from=earliest' })
  await reader.until(({ alertIds }) => alertIds.length === wanted.length)
  expect(reader.alertIds).toEqual(wanted)
})

test('a FLASH that the reader may not have, or does not ask for, moves nothing', async () => {
  const old = await publish('ROUTINE', 'RESTRICTED')
  const late = await publish('ROUTINE', 'CONFIDENTIAL')
  await publish('FLASH', 'CONFIDENTIAL')
  const asked = await page('earliest', 100, '&precedence=ROUTINE')
  expect(asked.ids).toEqual([old, late])
  await streams.set(COORDINATOR, { clearance: 'RESTRICTED' })
  expect((await page('earliest', 100)).ids).toEqual([old])
})

test('a FLASH that comes while a stream is behind waits for what is recorded ahead at most', async () => {
  const COUNT = LIMITS.streamRecordedAheadMax + 20
  const { label } = sampleAlert()
  // Large: the system's buffers hold few of them.
  const texts = [{ language: 'ur', headline: 'Invented', narrative: 'ب'.repeat(20_000) }] as const
  const reader = await streams.open(COORDINATOR)
  await reader.until(({ heartbeats }) => heartbeats > 0)
  reader.pause()
  await streams.publish({ label, texts })
  const routine = Array.from({ length: 2 * COUNT }, () => streams.publish({ label, texts }))
  await Promise.all(routine)
  await streams.hub.settled()
  const recorded = (await streams.releasesTo(COORDINATOR)).length
  const flash = await publish('FLASH', 'CONFIDENTIAL')
  reader.resume()
  await reader.until(({ alertIds }) => alertIds.length === 2 * COUNT + 2, 30_000)
  const ahead = reader.alertIds.indexOf(flash) - recorded
  expect(recorded).toBeLessThan(2 * COUNT)
  expect(ahead).toBeLessThanOrEqual(LIMITS.streamRecordedAheadMax)
}, 60_000)
