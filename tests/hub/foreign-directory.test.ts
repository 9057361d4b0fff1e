import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '#adapters/crypto/clock.ts'
import { openMemoryLog } from '#adapters/memory/message-log.ts'
import { partsOptions } from '#adapters/process/parts-options.ts'
import type { Alarm } from '#core/alarm.ts'
import { LIMITS } from '#core/limits.ts'
import type { Clock } from '#core/ports/clock.ts'
import { DirectoryEmpty, DirectoryForeign, startParts } from '#core/service-parts.ts'
import { DIRECTORY_TOPIC } from '#core/topics.ts'
import { makeTemporaryHome, type TemporaryHome } from '#tests/temporary-home.ts'

let ours: TemporaryHome
let theirs: TemporaryHome

beforeAll(async () => {
  ours = await makeTemporaryHome()
  theirs = await makeTemporaryHome()
})
afterAll(() => {
  ours.remove()
  theirs.remove()
})

test('a service does not start on the topics of another federation, and writes nothing there', async () => {
  const log = openMemoryLog()
  const ignore = () => undefined
  const parts = await startParts(await partsOptions(theirs.home, log, ignore))
  await parts.directory.stop()
  const head = await log.head(DIRECTORY_TOPIC)
  const starting = startParts(await partsOptions(ours.home, log, ignore))
  await expect(starting).rejects.toThrow(DirectoryForeign)
  expect(await log.head(DIRECTORY_TOPIC)).toBe(head)
  const again = await startParts(await partsOptions(theirs.home, log, ignore))
  await again.directory.stop()
})

test('noise in a new topic is ignored with an alarm, and the federation begins behind it', async () => {
  const log = openMemoryLog()
  const alarms: Alarm[] = []
  await log.ensureTopics([DIRECTORY_TOPIC])
  await log.append(DIRECTORY_TOPIC, [Uint8Array.of(1, 2, 3), new Uint8Array(70_000)])
  const options = await partsOptions(ours.home, log, (alarm) => alarms.push(alarm))
  const waiting = startParts({ ...options, onAlarm: () => undefined, directorySeed: [] })
  const first = await startParts(options)
  const second = await waiting
  expect(first.directory.state.sequence).toBe(ours.founding.entries.length - 1)
  expect(second.directory.state.digest).toEqual(first.directory.state.digest)
  expect(alarms.map(({ what, offset, why }) => [what, offset, why])).toEqual([
    ['directory-entry-ignored', 0, 'malformed'],
    ['directory-entry-ignored', 1, 'malformed'],
  ])
  await Promise.all([first.directory.stop(), second.directory.stop()])
})

test('a service without a seed waits until another one has begun the directory', async () => {
  const log = openMemoryLog()
  const ignore = () => undefined
  const options = await partsOptions(ours.home, log, ignore)
  const waiting = startParts({ ...options, directorySeed: [] })
  await systemClock.sleep(100)
  expect(await log.head(DIRECTORY_TOPIC)).toBe(0)
  const first = await startParts(options)
  const second = await waiting
  expect(second.directory.state.sequence).toBe(first.directory.state.sequence)
  expect(await log.head(DIRECTORY_TOPIC)).toBe(ours.founding.entries.length)
  await Promise.all([first.directory.stop(), second.directory.stop()])
})

test('a service that nobody begins the directory for says so in the end', async () => {
  let hurriedMs = 0
  const clock: Clock = {
    ...systemClock,
    monotonicMs: () => systemClock.monotonicMs() + hurriedMs,
  }
  const options = await partsOptions(ours.home, openMemoryLog(), () => undefined)
  const starting = startParts({ ...options, clock, directorySeed: [] })
  await systemClock.sleep(100)
  hurriedMs = LIMITS.directoryFoundedMsMax
  await expect(starting).rejects.toThrow(DirectoryEmpty)
})
