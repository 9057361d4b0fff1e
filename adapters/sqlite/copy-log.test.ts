import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { copySqliteLog } from '#adapters/sqlite/copy-log.ts'
import { openSqliteLog } from '#adapters/sqlite/message-log.ts'
import { ACCESS_TOPIC } from '#core/topics.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rabta-copy-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const ENTRY = new Uint8Array(60_000).fill(7)

test('a copy is of one moment, whatever is committed while it is made, and hinders nobody', async () => {
  const from = join(folder, 'log.db')
  const log = openSqliteLog({ path: from })
  await log.ensureTopics([ACCESS_TOPIC])
  for (let at = 0; at < 300; at += 1) await log.append(ACCESS_TOPIC, [ENTRY])
  const to = join(folder, 'copy.db')
  const done: number[] = []
  let isOver = false
  const copying = copySqliteLog({ from, to, onProgress: (pages) => done.push(pages) }).finally(
    () => {
      isOver = true
    },
  )
  // Each is durable while the copy goes on: whoever held a lock against it would refuse it.
  let appended = 0
  while (!isOver) {
    await log.append(ACCESS_TOPIC, [ENTRY])
    appended += 1
  }
  await copying
  expect(appended).toBeGreaterThan(0)
  // It never began anew.
  expect(done).toEqual(done.toSorted((a, b) => a - b))
  expect(done.length).toBeGreaterThan(2)
  const copy = openSqliteLog({ path: to, readOnly: true })
  expect(await copy.head(ACCESS_TOPIC)).toBe(300)
  expect((await copy.read(ACCESS_TOPIC, 299, 10)).map(({ value }) => value)).toEqual([ENTRY])
  await copy.close()
  await log.close()
})
