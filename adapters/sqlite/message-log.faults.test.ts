import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ForeignDatabase } from '#adapters/sqlite/log-schema.ts'
import { openSqliteLog } from '#adapters/sqlite/message-log.ts'
import { utf8 } from '#core/bytes.ts'
import { LIMITS } from '#core/limits.ts'
import {
  LogUnavailable,
  type MessageLog,
  OffsetGone,
  OutcomeUnknown,
  TopicMisconfigured,
} from '#core/ports/message-log.ts'

let folder: string
let path: string
let log: MessageLog

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rabta-log-'))
  path = join(folder, 'log.db')
  log = openSqliteLog({ path })
  await log.ensureTopics(['one', 'two'])
})
afterEach(async () => {
  await log.close()
  rmSync(folder, { recursive: true })
})

/** What somebody with access to the file, but not to the log, does to it. */
const tamper = (sql: string): void => {
  const db = new DatabaseSync(path)
  db.exec(sql)
  db.close()
}

test('appends that wait together share one commit', async () => {
  const walBytes = (): number => statSync(`${path}-wal`).size
  const beforeBytes = walBytes()
  await Promise.all(Array.from({ length: 100 }, (_, n) => log.append('one', [utf8(`${n}`)])))
  const togetherBytes = walBytes() - beforeBytes
  for (let n = 0; n < 100; n += 1) await log.append('one', [utf8(`${n}`)])
  expect(walBytes() - beforeBytes - togetherBytes).toBeGreaterThan(50 * togetherBytes)
})

test('an append beyond what may wait is refused at once, and those before it are kept', async () => {
  const appends = Array.from({ length: LIMITS.appendsWaitingMax }, () =>
    log.append('one', [utf8('kept')]),
  )
  await expect(log.append('two', [utf8('refused')])).rejects.toThrow(LogUnavailable)
  expect(await log.head('one')).toBe(0)
  await Promise.all(appends)
  expect(await log.head('one')).toBe(LIMITS.appendsWaitingMax)
  expect(await log.append('two', [utf8('kept')])).toEqual([0])
})

test('one that fails takes along all in its transaction, of which nothing is written', async () => {
  tamper(`CREATE TRIGGER full BEFORE INSERT ON topic_2 BEGIN SELECT RAISE(ABORT, 'no'); END`)
  const appends = [log.append('one', [utf8('a')]), log.append('two', [utf8('b')])]
  for (const outcome of await Promise.allSettled(appends)) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'LogUnavailable' } })
  }
  expect(await log.head('one')).toBe(0)
  expect(await log.append('one', [utf8('a')])).toEqual([0])
})

test('while another connection holds the database, an append certainly does not happen', async () => {
  const other = new DatabaseSync(path)
  other.exec('BEGIN IMMEDIATE')
  await expect(log.append('one', [utf8('a')])).rejects.toThrow(LogUnavailable)
  other.exec('ROLLBACK')
  other.close()
  expect(await log.append('one', [utf8('b')])).toEqual([0])
})

test('a commit that fails in a way that proves nothing leaves the outcome unknown', async () => {
  // A foreign key that is only checked when the transaction commits.
  tamper(`
    CREATE TABLE parents (id INTEGER PRIMARY KEY);
    CREATE TABLE children (id INTEGER REFERENCES parents DEFERRABLE INITIALLY DEFERRED);
    CREATE TRIGGER orphan AFTER INSERT ON topic_1 BEGIN INSERT INTO children VALUES (1); END;
  `)
  const appends = [log.append('one', [utf8('a')]), log.append('two', [utf8('b')])]
  for (const outcome of await Promise.allSettled(appends)) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'OutcomeUnknown' } })
  }
  await expect(log.append('one', [utf8('a')])).rejects.toThrow(OutcomeUnknown)
  tamper('DROP TRIGGER orphan')
  expect(await log.append('one', [utf8('c')])).toEqual([0])
})

test('a gap stops its reader there, after what comes before it', async () => {
  await log.append('one', ['a', 'b', 'c', 'd'].map(utf8))
  tamper('DELETE FROM topic_1 WHERE offset = 2')
  expect((await log.read('one', 0, 10)).map(({ offset }) => offset)).toEqual([0, 1])
  await expect(log.read('one', 2, 10)).rejects.toThrow(OffsetGone)
  const followed: number[] = []
  const follow = async (): Promise<void> => {
    for await (const batch of log.follow('one', 0, new AbortController().signal)) {
      followed.push(...batch.map(({ offset }) => offset))
    }
  }
  await expect(follow()).rejects.toThrow(OffsetGone)
  expect(followed).toEqual([0, 1])
})

test('a follower rides out a lock that passes', async () => {
  await log.append('one', [utf8('a')])
  await log.close()
  const reader = openSqliteLog({ path, readOnly: true })
  const other = new DatabaseSync(path)
  other.exec('BEGIN EXCLUSIVE')
  await expect(reader.read('one', 0, 1)).rejects.toThrow(LogUnavailable)
  const followed = reader.follow('one', 0, new AbortController().signal)[Symbol.asyncIterator]()
  const batch = followed.next()
  await new Promise((resolve) => setTimeout(resolve, 50))
  other.exec('ROLLBACK')
  other.close()
  expect((await batch).value).toEqual([{ offset: 0, value: utf8('a') }])
  await reader.close()
})

test('a follower throws what does not pass by waiting', async () => {
  await log.append('one', [utf8('a')])
  tamper('DROP TABLE topic_1')
  const followed = log.follow('one', 0, new AbortController().signal)[Symbol.asyncIterator]()
  await expect(followed.next()).rejects.toThrow(LogUnavailable)
})

test('a topic whose table was tampered with is refused at the start', async () => {
  tamper('CREATE TRIGGER retention AFTER INSERT ON topic_1 BEGIN DELETE FROM topic_1; END')
  await expect(log.ensureTopics(['two'])).resolves.toBeUndefined()
  await expect(log.ensureTopics(['two', 'one'])).rejects.toThrow(TopicMisconfigured)
})

test('a log of a newer schema is refused, to read and to write, and stays as it is', async () => {
  await log.close()
  tamper('PRAGMA user_version = 2')
  for (const readOnly of [false, true]) {
    expect(() => openSqliteLog({ path, readOnly })).toThrow(ForeignDatabase)
    expect(() => openSqliteLog({ path, readOnly })).toThrow('schema 2, this program knows 1')
  }
  tamper('PRAGMA user_version = 1')
  const again = openSqliteLog({ path })
  expect(await again.head('one')).toBe(0)
  await again.close()
})

test('a database of something else is refused', async () => {
  const foreign = join(folder, 'foreign', '..', 'other.db')
  const db = new DatabaseSync(foreign)
  db.exec('CREATE TABLE topics (id INTEGER PRIMARY KEY)')
  db.close()
  await log.close()
  expect(() => openSqliteLog({ path: foreign })).toThrow(ForeignDatabase)
  expect(() => openSqliteLog({ path: join(folder, 'none.db'), readOnly: true })).toThrow()
})
