import { type ChildProcess, spawn } from 'node:child_process'
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openSqliteAlertIndex } from '#adapters/sqlite/alert-index.ts'
import { openSqliteIntakeStore } from '#adapters/sqlite/intake-store.ts'
import { ForeignDatabase } from '#adapters/sqlite/log-schema.ts'
import { openSqliteLog } from '#adapters/sqlite/message-log.ts'
import { openSqliteRecordIndex } from '#adapters/sqlite/record-index.ts'
import { openView, ViewInUse } from '#adapters/sqlite/view-database.ts'
import { LIMITS } from '#core/limits.ts'
import type { IntakeStore } from '#core/ports/intake-store.ts'
import type { RecordQuery } from '#core/ports/record-index.ts'
import { agency, numberedIntakeRow } from '#tests/view-rows.ts'

const PROGRAM = fileURLToPath(new URL('../../tests/programs/apply-forever.ts', import.meta.url))
const TOPIC = 't'

let folder: string
let path: string
let resets: string[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rabta-view-'))
  path = join(folder, 'intake.db')
  resets = []
})
afterEach(() => rmSync(folder, { recursive: true }))

const open = (): IntakeStore => openSqliteIntakeStore({ path, onReset: (why) => resets.push(why) })

/** A closed store of `count` rows. */
const makeStore = (count: number): void => {
  const store = open()
  store.apply(
    TOPIC,
    Array.from({ length: count }, (_, offset) => numberedIntakeRow(offset)),
    count,
  )
  store.close()
}

/** Acts, and waits until the view's write-ahead log has grown. */
const untilCommitted = async (act: () => void): Promise<void> => {
  const bytes = (): number => statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0
  const before = bytes()
  act()
  while (bytes() === before) await new Promise((resolve) => setTimeout(resolve, 5))
}

const expectEmptyAndUsable = (): void => {
  const store = open()
  expect(store.nextOffset(TOPIC)).toBe(0)
  expect(store.find('live', numberedIntakeRow(0))).toBeNull()
  store.apply(TOPIC, [numberedIntakeRow(0)], 1)
  store.close()
  const again = open()
  expect(again.nextOffset(TOPIC)).toBe(1)
  again.close()
}

test('a view of another schema is made anew, and that is said once', () => {
  makeStore(3)
  const db = new DatabaseSync(path)
  db.exec('PRAGMA user_version = 999')
  db.close()
  expectEmptyAndUsable()
  expect(resets).toEqual(['other-schema'])
})

test('a file that is no database is made anew', () => {
  writeFileSync(path, 'x'.repeat(9_000))
  expectEmptyAndUsable()
  expect(resets).toEqual(['damaged'])
})

test('a view with a damaged page is made anew, whichever page it is', () => {
  makeStore(500)
  const pages = readFileSync(path).length / 4_096
  expect(pages).toBeGreaterThan(10)
  for (let page = 0; page < pages; page += 1) {
    rmSync(path)
    makeStore(500)
    resets = []
    const file = openSync(path, 'r+')
    // The head of each page; on the first one it follows the head of the file.
    writeSync(file, Buffer.alloc(512, 0xff), 0, 512, page === 0 ? 100 : page * 4_096)
    closeSync(file)
    const store = open()
    expect(resets, `page ${page}`).toEqual(['damaged'])
    store.close()
  }
})

test('a view whose write-ahead log is cut short has lost the last writes, not its meaning', async () => {
  makeStore(2)
  const store = open()
  await untilCommitted(() => store.apply(TOPIC, [numberedIntakeRow(2)], 3))
  await untilCommitted(() => store.apply(TOPIC, [numberedIntakeRow(3)], 4))
  const [db, wal] = [readFileSync(path), readFileSync(`${path}-wal`)]
  store.close()
  writeFileSync(path, db)
  writeFileSync(`${path}-wal`, wal.subarray(0, wal.length - 1))
  const cut = open()
  expect(resets).toEqual([])
  expect(cut.nextOffset(TOPIC)).toBe(3)
  expect(cut.find('live', numberedIntakeRow(2))).not.toBeNull()
  expect(cut.find('live', numberedIntakeRow(3))).toBeNull()
  cut.close()
})

test('a wrong path costs nobody a message log, not even a damaged one', async () => {
  const log = openSqliteLog({ path })
  await log.ensureTopics([TOPIC])
  await log.append(TOPIC, [new Uint8Array(1)])
  await log.close()
  const bytes = readFileSync(path)
  expect(() => open()).toThrow(ForeignDatabase)
  expect(readFileSync(path)).toEqual(bytes)
  for (const [start, end] of [
    [100, 1_024],
    [16, 24],
  ]) {
    const damaged = Buffer.from(bytes).fill(0xff, start, end)
    writeFileSync(path, damaged)
    expect(() => open()).toThrow(ForeignDatabase)
    expect(readFileSync(path)).toEqual(damaged)
  }
  expect(resets).toEqual([])
})

test('one kind of view is not taken for another, and an unnamed stranger is left alone', () => {
  makeStore(1)
  const onReset = (why: string) => expect.fail(why)
  expect(() => openSqliteAlertIndex({ path, onReset })).toThrow(ForeignDatabase)
  expect(() => openSqliteRecordIndex({ path, onReset })).toThrow(ForeignDatabase)
  rmSync(path)
  const db = new DatabaseSync(path)
  db.exec('CREATE TABLE diary (entry TEXT)')
  db.close()
  expect(() => open()).toThrow(ForeignDatabase)
})

test('a view has one owner at a time', () => {
  const store = open()
  expect(() => open()).toThrow(ViewInUse)
  store.apply(TOPIC, [numberedIntakeRow(0)], 1)
  store.close()
  store.close()
  const next = open()
  expect(next.nextOffset(TOPIC)).toBe(1)
  next.close()
  expect(resets).toEqual([])
})

test('a view in memory works, and leaves nothing behind', () => {
  const options = { path: ':memory:', onReset: (why: string) => expect.fail(why) }
  const store = openSqliteIntakeStore(options)
  store.apply(TOPIC, [numberedIntakeRow(0)], 1)
  expect(store.find('live', numberedIntakeRow(0))).not.toBeNull()
  store.close()
  const other = openSqliteIntakeStore(options)
  expect(other.nextOffset(TOPIC)).toBe(0)
  other.close()
})

test('what was written can be read at once, and shares a commit with what comes soon after', async () => {
  makeStore(1)
  const store = open()
  const walBytes = (): number => statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0
  const before = walBytes()
  await untilCommitted(() => {
    for (let offset = 1; offset < 100; offset += 1) {
      store.apply(TOPIC, [numberedIntakeRow(offset)], offset + 1)
      expect(store.find('live', numberedIntakeRow(offset))).not.toBeNull()
    }
  })
  const together = walBytes() - before
  for (let offset = 100; offset < 105; offset += 1) {
    await untilCommitted(() => store.apply(TOPIC, [numberedIntakeRow(offset)], offset + 1))
  }
  expect(walBytes() - before - together).toBeGreaterThan(together)
  store.close()
})

/** A view whose commit fails as long as a child lacks its parent. */
const openFamilies = () =>
  openView(
    { path, onReset: (why) => expect.fail(why) },
    {
      applicationId: 0x52_54_73_74,
      number: 1,
      sql: `
        CREATE TABLE parents (id INTEGER PRIMARY KEY) STRICT;
        CREATE TABLE children (
          id INTEGER PRIMARY KEY REFERENCES parents DEFERRABLE INITIALLY DEFERRED
        ) STRICT;
      `,
      cacheKiB: 1_024,
      uncommittedMsMax: 1,
      load: (db) => ({
        addParent: db.prepare('INSERT INTO parents VALUES (?)'),
        addChild: db.prepare('INSERT INTO children VALUES (?)'),
        children: db.prepare('SELECT id FROM children ORDER BY id'),
      }),
    },
  )
type Families = ReturnType<typeof openFamilies>

const childrenOf = (view: Families): readonly unknown[] =>
  view.state.children.all().map((row) => row['id'])

test('a commit that fails takes nothing along: it is tried again until it succeeds', async () => {
  const view = openFamilies()
  view.write(({ addChild }) => addChild.run(1), 1)
  // The timer's commit fails meanwhile.
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(childrenOf(view)).toEqual([1])
  view.write(({ addChild }) => addChild.run(2), 1)
  const tooMuch = LIMITS.viewUncommittedBytesMax
  expect(() => view.write(({ addChild }) => addChild.run(3), tooMuch)).toThrow('FOREIGN KEY')
  expect(childrenOf(view)).toEqual([1, 2])
  expect(() => view.write(({ addChild }) => addChild.run(2), 1)).toThrow('UNIQUE')
  expect(childrenOf(view)).toEqual([1, 2])
  view.write(({ addParent }) => {
    addParent.run(1)
    addParent.run(2)
  }, tooMuch)
  view.close()
  const again = openFamilies()
  expect(childrenOf(again)).toEqual([1, 2])
  again.close()
})

test('a view that is closed while its commit fails has lost the last writes alone', () => {
  const view = openFamilies()
  view.write(({ addParent }) => addParent.run(1), 1)
  view.write(({ addChild }) => addChild.run(1), LIMITS.viewUncommittedBytesMax)
  view.write(({ addChild }) => addChild.run(2), 1)
  view.close()
  const again = openFamilies()
  expect(childrenOf(again)).toEqual([1])
  again.close()
})

test('whenever the process is killed, rows and offset tell the same', {
  timeout: 60_000,
}, async () => {
  for (let round = 0; round < 4; round += 1) {
    const liveMs = Math.round(Math.random() * 300)
    await runAndKill(liveMs)
    expectRowsUpToOffset(`round ${round}, killed after ${liveMs} ms`)
  }
  // Else nothing of the above could have failed.
  const store = open()
  expect(store.nextOffset('t')).toBeGreaterThan(0)
  store.close()
})

const runAndKill = async (liveMs: number): Promise<void> => {
  const child: ChildProcess = spawn(process.execPath, [PROGRAM, folder], { stdio: 'pipe' })
  let errors = ''
  child.stderr?.on('data', (text) => {
    errors += text
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  await Promise.race([new Promise((resolve) => child.stdout?.once('data', resolve)), ended])
  await new Promise((resolve) => setTimeout(resolve, liveMs))
  child.kill('SIGKILL')
  await ended
  expect(errors).toBe('')
}

const expectRowsUpToOffset = (round: string): void => {
  const onReset = (why: string) => expect.fail(`${round}: ${why}`)
  const store = openSqliteIntakeStore({ path, onReset })
  const next = store.nextOffset('t')
  for (let offset = 0; offset < next + 80; offset += 1) {
    const found = store.find('live', numberedIntakeRow(offset))
    expect(found !== null, `${round}, ${offset} of ${next}`).toBe(offset < next)
  }
  store.close()
  const index = openSqliteRecordIndex({ path: join(folder, 'records.db'), onReset })
  const leaves = index.search({ ...ANYTHING, visibleTo: agency('ctd-kp'), limit: 10_000_000 })
  const count = index.nextIndex()
  expect(leaves.length, round).toBe(count)
  expect(leaves[0] ?? -1, round).toBe(count - 1)
  index.close()
}

const ANYTHING: RecordQuery = {
  visibleTo: null,
  realm: null,
  principal: null,
  agency: null,
  alert: null,
  action: null,
  outcome: null,
  fromMs: null,
  toMs: null,
  before: Number.MAX_SAFE_INTEGER,
  limit: 100,
}
