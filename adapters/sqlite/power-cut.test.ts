import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSqliteLog } from '#adapters/sqlite/message-log.ts'
import type { MessageLog } from '#core/ports/message-log.ts'

/**
 * A killed process leaves the page cache; a power cut does not. Here the files of a log are cut as
 * a disk may hold them afterwards: the write-ahead log up to any frame and inside it, or with
 * rubbish in the place of its end (https://sqlite.org/fileformat2.html#walformat).
 */
const TOPICS = ['one', 'two']
const COMMITS = 8
const WAL_HEADER_BYTES = 32
const FRAME_HEADER_BYTES = 24

interface Commit {
  /** Where the write-ahead log ended when this commit was acknowledged. */
  readonly walBytes: number
  /** How many entries each topic had then. */
  readonly heads: readonly number[]
}

let folder: string
let original: string
let commits: readonly Commit[]
let wal: Uint8Array
let cuts = 0

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rabta-cut-'))
  original = join(folder, 'log.db')
  const log = openSqliteLog({ path: original })
  await log.ensureTopics(TOPICS)
  const made: Commit[] = [await commitNow(log)]
  for (let number = 1; number <= COMMITS; number += 1) {
    // Both topics in one transaction: what survives of one survives of the other.
    await Promise.all(TOPICS.map((topic) => log.append(topic, entriesOf(number))))
    made.push(await commitNow(log))
  }
  commits = made
  wal = readFileSync(`${original}-wal`)
  copyFileSync(original, join(folder, 'copy.db'))
  await log.close()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** From a few bytes to several pages. */
const entriesOf = (number: number): readonly Uint8Array[] =>
  Array.from({ length: 3 }, (_, at) => new Uint8Array(1 + number * at * 700).fill(number))

const commitNow = async (log: MessageLog): Promise<Commit> => ({
  walBytes: readFileSync(`${original}-wal`).length,
  heads: await Promise.all(TOPICS.map((topic) => log.head(topic))),
})

/** What a log that is opened on these files holds: how many entries, all of which can be read. */
const openedWith = async (walBytes: Uint8Array): Promise<readonly number[]> => {
  cuts += 1
  const place = join(folder, `cut-${cuts}`)
  mkdirSync(place)
  const path = join(place, 'log.db')
  copyFileSync(join(folder, 'copy.db'), path)
  writeFileSync(`${path}-wal`, walBytes)
  const log = openSqliteLog({ path })
  await log.ensureTopics(TOPICS)
  const heads = await Promise.all(TOPICS.map((topic) => log.head(topic)))
  for (const [at, topic] of TOPICS.entries()) {
    const entries = await log.read(topic, 0, 1_000)
    expect(entries.map(({ value }) => value)).toEqual(
      Array.from({ length: (heads[at] ?? 0) / 3 }, (_, number) => entriesOf(number + 1)).flat(),
    )
    // It goes on where it stands.
    expect(await log.append(topic, entriesOf(1))).toEqual(
      [0, 1, 2].map((n) => n + (heads[at] ?? 0)),
    )
  }
  await log.close()
  rmSync(place, { recursive: true })
  return heads
}

const survivorsOf = (walBytes: number): readonly number[] =>
  commits.findLast((commit) => commit.walBytes <= walBytes)?.heads ?? TOPICS.map(() => 0)

const frameBytes = (): number =>
  FRAME_HEADER_BYTES + new DataView(wal.buffer, wal.byteOffset).getUint32(8)

const boundaries = (): readonly number[] => {
  const count = (wal.length - WAL_HEADER_BYTES) / frameBytes()
  return Array.from({ length: count + 1 }, (_, at) => WAL_HEADER_BYTES + at * frameBytes())
}

test('the write-ahead log holds every commit, each of several frames', () => {
  expect(Number.isInteger(boundaries().length)).toBe(true)
  expect(boundaries().length).toBeGreaterThan(COMMITS * 2)
  expect(commits.at(-1)?.walBytes).toBe(wal.length)
})

test('cut at any frame, every commit whose frames survive is there, and none in part', async () => {
  for (const end of boundaries()) {
    expect(await openedWith(wal.subarray(0, end)), `cut at ${end}`).toEqual(survivorsOf(end))
  }
}, 120_000)

test('cut inside any frame, the same', async () => {
  for (const start of boundaries().slice(0, -1)) {
    for (const inside of [1, frameBytes() - 1]) {
      const end = start + inside
      expect(await openedWith(wal.subarray(0, end)), `cut at ${end}`).toEqual(survivorsOf(end))
    }
  }
}, 120_000)

test('an end that was not written, but has its length, is passed over', async () => {
  for (const end of boundaries()) {
    for (const filler of [0, 0xff]) {
      const torn = Uint8Array.from(wal).fill(filler, end + FRAME_HEADER_BYTES)
      const heads = await openedWith(torn)
      expect(heads, `rubbish from ${end}`).toEqual(survivorsOf(end))
    }
  }
}, 120_000)
