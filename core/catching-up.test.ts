import { expect, test } from 'vitest'
import { systemClock } from '#adapters/crypto/clock.ts'
import { openMemoryLog } from '#adapters/memory/message-log.ts'
import { catchingUpText, caughtUpAloud, sumOf } from '#core/catching-up.ts'
import { LIMITS } from '#core/limits.ts'
import type { Clock } from '#core/ports/clock.ts'
import { TopicFollowers } from '#core/topic-followers.ts'

const FAR = LIMITS.catchingUpEntriesMin + 1

test('what takes long says how far it is, until it is there', async () => {
  const said: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  let done = 0
  const views = {
    caughtUp: () => promise,
    progress: async () => {
      done += 10
      return { done, total: done + FAR }
    },
  }
  // Each wait is over at once, but lets others have their turn.
  const sleep: Clock['sleep'] = () => new Promise((over) => setImmediate(over))
  const say = (text: string): void => {
    said.push(text)
    if (said.length === 3) resolve()
  }
  await caughtUpAloud(views, { ...systemClock, sleep }, say)
  expect(said[0]).toBe(`catching up: 10 of ${10 + FAR}`)
  expect(said.length).toBeGreaterThanOrEqual(3)
  const before = said.length
  await new Promise((over) => setImmediate(over))
  expect(said.length).toBe(before)
})

test('a few entries more are no catching up', () => {
  expect(catchingUpText({ done: 5, total: 5 })).toBeNull()
  expect(catchingUpText({ done: 5, total: 5 + LIMITS.catchingUpEntriesMin })).toBeNull()
  expect(catchingUpText(sumOf([{ done: 5, total: 5 + FAR }]))).toContain(`5 of ${5 + FAR}`)
})

test('followers tell what of their topics is applied', async () => {
  const log = openMemoryLog()
  await log.ensureTopics(['a', 'b'])
  await log.append('a', [new Uint8Array([1]), new Uint8Array([2])])
  await log.append('b', [new Uint8Array([3])])
  const view = { topics: ['a', 'b'], nextOffset: (topic: string) => (topic === 'a' ? 1 : 0) }
  const take = async (): Promise<void> => undefined
  const deps = { log, clock: systemClock, onTrouble: () => undefined }
  const followers = new TopicFollowers({ ...view, take }, deps)
  expect(await followers.progress()).toEqual({ done: 1, total: 3 })
  await log.close()
})
