import { afterAll, beforeAll, expect, test } from 'vitest'
import { openMemoryLog } from '#adapters/memory/message-log.ts'
import { partsOptions } from '#adapters/process/parts-options.ts'
import { DirectoryForeign, startParts } from '#core/service-parts.ts'
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
