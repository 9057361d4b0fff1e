import { expect, test } from 'vitest'
import { openMemoryLog } from '#adapters/memory/message-log.ts'
import type { DirectoryState } from '#core/directory/state.ts'
import { LIMITS } from '#core/limits.ts'
import { ACCESS_TOPIC } from '#core/topics.ts'
import { Horizons } from '#services/router/lateness.ts'

const begin = async () => {
  const log = openMemoryLog()
  await log.ensureTopics([ACCESS_TOPIC])
  const time = { nowMs: 0 }
  const clock = { nowMs: () => 0, monotonicMs: () => time.nowMs, sleep: async () => undefined }
  const state = { sequence: 4 }
  const horizons = new Horizons({ log, clock, directory: { state: state as DirectoryState } })
  const write = (count: number) =>
    log.append(
      ACCESS_TOPIC,
      Array.from({ length: count }, () => Uint8Array.of(1)),
    )
  return { horizons, state, time, write }
}

test('what was recorded within a minute of the revocation is taken, whenever it comes', async () => {
  const { horizons, state, time, write } = await begin()
  await write(10)
  await horizons.step()
  state.sequence = 5
  await horizons.step()
  time.nowMs = LIMITS.stampAgeMsMax / 2
  await write(10)
  expect(horizons.isLate(5, 19)).toBe(false)
  time.nowMs = LIMITS.stampAgeMsMax + 1
  await horizons.step()
  expect([horizons.isLate(5, 19), horizons.isLate(5, 20)]).toEqual([false, true])
  time.nowMs = 100 * LIMITS.stampAgeMsMax
  await write(100)
  await horizons.step()
  expect([horizons.isLate(5, 19), horizons.isLate(5, 20)]).toEqual([false, true])
})

test('a later revocation has a later horizon, and does not move the one before', async () => {
  const { horizons, state, time, write } = await begin()
  await horizons.step()
  await write(5)
  time.nowMs = LIMITS.stampAgeMsMax + 1
  await horizons.step()
  state.sequence = 6
  await horizons.step()
  await write(5)
  time.nowMs = 2 * LIMITS.stampAgeMsMax + 2
  await horizons.step()
  expect([horizons.isLate(4, 4), horizons.isLate(4, 5)]).toEqual([false, true])
  expect([horizons.isLate(6, 9), horizons.isLate(6, 10)]).toEqual([false, true])
})

test('a router that starts anew knows of no lateness for a minute', async () => {
  const { horizons, write } = await begin()
  await write(50)
  await horizons.step()
  expect(horizons.isLate(1, 49)).toBe(false)
})
