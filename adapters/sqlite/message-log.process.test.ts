import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FolderInUse } from '#adapters/sqlite/folder-lock.ts'
import { ForeignDatabase } from '#adapters/sqlite/log-schema.ts'
import { openSqliteLog } from '#adapters/sqlite/message-log.ts'
import { utf8 } from '#core/bytes.ts'
import { LogUnavailable, type MessageLog, TopicMisconfigured } from '#core/ports/message-log.ts'
import { numberedEntry } from '#tests/programs/numbered-entry.ts'

const TOPICS = ['access', 'live.intake.PK-KP', 'directory']
const PROGRAM = fileURLToPath(new URL('../../tests/programs/append-forever.ts', import.meta.url))

let folder: string
let path: string
let running: ChildProcess[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rabta-log-'))
  path = join(folder, 'log.db')
  running = []
})
afterEach(async () => {
  for (const child of running) await kill(child)
  rmSync(folder, { recursive: true })
})

test('every acknowledged entry outlives a killed writer, and no topic has a gap', async () => {
  const acknowledged = new Map(TOPICS.map((topic) => [topic, -1]))
  for (let round = 0; round < 5; round += 1) {
    const liveMs = Math.round(Math.random() * 200)
    const writer = await startWriter(acknowledged)
    await new Promise((resolve) => setTimeout(resolve, liveMs))
    await kill(writer)
    const log = openSqliteLog({ path })
    for (const topic of TOPICS) {
      const count = await countNumbered(log, topic)
      const least = (acknowledged.get(topic) ?? 0) + 1
      expect(count, `round ${round}, killed after ${liveMs} ms`).toBeGreaterThanOrEqual(least)
      expect(count).toBe(await log.head(topic))
    }
    await log.close()
  }
})

test('a reader follows what another process appends', async () => {
  await startWriter()
  const reader = openSqliteLog({ path, readOnly: true })
  const from = await reader.head('access')
  let next = from
  for await (const batch of reader.follow('access', from, new AbortController().signal)) {
    for (const { offset, value } of batch) {
      expect(offset).toBe(next)
      expect(Buffer.compare(value, numberedEntry('access', offset))).toBe(0)
      next += 1
    }
    if (next > from + 200) break
  }
  await reader.close()
})

test('a reader who sleeps learns of the commit of another process', async () => {
  const writer = openSqliteLog({ path })
  await writer.ensureTopics(['access'])
  const reader = openSqliteLog({ path, readOnly: true })
  const { signal } = new AbortController()
  const followed = reader.follow('access', 0, signal)[Symbol.asyncIterator]().next()
  await new Promise((resolve) => setTimeout(resolve, 250))
  await writer.append('access', [utf8('late')])
  expect((await followed).value).toEqual([{ offset: 0, value: utf8('late') }])
  await reader.close()
  await writer.close()
})

test('a second writer is refused while the first lives, and let in once it is killed', async () => {
  const writer = await startWriter()
  expect(() => openSqliteLog({ path })).toThrow(FolderInUse)
  await kill(writer)
  const log = openSqliteLog({ path })
  expect(() => openSqliteLog({ path })).toThrow(FolderInUse)
  await log.close()
  await openSqliteLog({ path }).close()
})

test('a reader changes nothing, whether the writer lives, was killed or has closed', async () => {
  const readAllTopics = async (): Promise<void> => {
    const reader = openSqliteLog({ path, readOnly: true })
    for (const topic of TOPICS) expect(await countNumbered(reader, topic)).toBeGreaterThan(0)
    await reader.close()
  }
  const writer = await startWriter()
  await readAllTopics()

  await kill(writer)
  const killed = contents()
  expect([...killed.keys()]).toEqual(['lock.db', 'log.db', 'log.db-wal'])
  await readAllTopics()
  expect(contents()).toEqual(killed)

  await openSqliteLog({ path }).close()
  const closed = contents()
  expect([...closed.keys()]).toEqual(['lock.db', 'log.db'])
  await readAllTopics()
  expect(contents()).toEqual(closed)
})

test('a reader does not keep the writer from closing, nor from opening again', async () => {
  const first = openSqliteLog({ path })
  await first.ensureTopics(['access'])
  await first.append('access', [utf8('a')])
  const reader = openSqliteLog({ path, readOnly: true })
  expect(await reader.head('access')).toBe(1)
  await first.close()
  const second = openSqliteLog({ path })
  await second.append('access', [utf8('b')])
  expect(await reader.head('access')).toBe(2)
  await reader.close()
  await second.close()
})

test('a reader of a closed log sees what a later writer appends', async () => {
  const first = openSqliteLog({ path })
  await first.ensureTopics(['access'])
  await first.close()
  const reader = openSqliteLog({ path, readOnly: true })
  expect(await reader.head('access')).toBe(0)
  const second = openSqliteLog({ path })
  await second.append('access', [utf8('a')])
  expect(await reader.head('access')).toBe(1)
  await reader.close()
  await second.close()
})

test('a reader can neither append nor create a topic', async () => {
  const writer = openSqliteLog({ path })
  await writer.ensureTopics(['access'])
  const reader = openSqliteLog({ path, readOnly: true })
  await reader.ensureTopics(['access'])
  await expect(reader.append('access', [utf8('a')])).rejects.toThrow(LogUnavailable)
  await expect(reader.ensureTopics(['other'])).rejects.toThrow(TopicMisconfigured)
  await reader.close()
  await writer.close()
})

test('a reader refuses a copy that lacks the write-ahead log, and leaves no file', async () => {
  const writer = await startWriter()
  await kill(writer)
  const copies = mkdtempSync(join(folder, 'copy-'))
  const copy = join(copies, 'log.db')
  copyFileSync(path, copy)
  expect(() => openSqliteLog({ path: copy, readOnly: true })).toThrow(ForeignDatabase)
  expect(readdirSync(copies)).toEqual(['log.db'])
})

/** A process that appends to `TOPICS`; it has had an entry of each acknowledged. */
const startWriter = async (acknowledged = new Map<string, number>()): Promise<ChildProcess> => {
  const child = spawn(process.execPath, [PROGRAM, path, ...TOPICS], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  running.push(child)
  const waitsFor = new Set(TOPICS)
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error('the writer ended before it wrote')))
    createInterface({ input: child.stdout }).on('line', (line) => {
      // The last line of a killed writer may be half a line.
      const [, topic, offset] = /^(\S+) (\d+)$/.exec(line) ?? []
      if (topic === undefined || !TOPICS.includes(topic)) return
      acknowledged.set(topic, Math.max(acknowledged.get(topic) ?? -1, Number(offset)))
      waitsFor.delete(topic)
      if (waitsFor.size === 0) resolve()
    })
  })
  return child
}

/** Resolves when the process is gone and all that it printed has been read. */
const kill = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => child.once('close', resolve))
  child.kill('SIGKILL')
  await gone
}

const countNumbered = async (log: MessageLog, topic: string): Promise<number> => {
  let count = 0
  for (;;) {
    const entries = await log.read(topic, count, 1_000)
    if (entries.length === 0) return count
    for (const { offset, value } of entries) {
      if (offset !== count || Buffer.compare(value, numberedEntry(topic, offset)) !== 0) {
        throw new Error(`${topic} has a wrong entry at ${count}`)
      }
      count += 1
    }
  }
}

/** The digest of every file but SQLite's shared memory: it holds locks, and nothing to keep. */
const contents = (): Map<string, string> =>
  new Map(
    readdirSync(folder)
      .filter((name) => !name.endsWith('-shm'))
      .map((name) => [
        name,
        createHash('sha256')
          .update(readFileSync(join(folder, name)))
          .digest('hex'),
      ]),
  )
