import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fsckHome } from '#clients/cli/commands/fsck.ts'
import { LedgerClient, READER } from '#tests/faults/client.ts'
import { count } from '#tests/faults/count.ts'
import { FaultyHub } from '#tests/faults/faulty-hub.ts'
import { readHome } from '#tests/faults/home-ledger.ts'
import { makeTemporaryHome, type TemporaryHome } from '#tests/temporary-home.ts'

/** A hub whose data lies on a small disk of memory. To mount one takes root. */
const DISK_MIB = 32
const MIB = 1_048_576
const isRoot = process.getuid?.() === 0
if (!isRoot) process.stderr.write('full-disk tests are skipped: to mount a small disk takes root\n')

let home: TemporaryHome
let data: string
let hub: FaultyHub | null = null
let client: LedgerClient

beforeEach(async () => {
  if (!isRoot) return
  home = await makeTemporaryHome()
  data = join(home.home, 'data')
  mkdirSync(data, { recursive: true })
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m`, 'tmpfs', data])
  client = new LedgerClient(home)
})
afterEach(async () => {
  if (!isRoot) return
  await hub?.kill()
  hub = null
  execFileSync('umount', [data])
  home.remove()
})

const start = async (freeMinMib: number): Promise<void> => {
  const settings = { RABTA_DISK_FREE_MIN_MIB: String(freeMinMib) }
  hub = await FaultyHub.start(home.home, null, { settings })
  client.url = hub?.url ?? ''
}

const freeBytes = (): number => {
  const { bavail, bsize } = statfsSync(data)
  return bavail * bsize
}

/** A file of something else, so large that so many bytes are left. */
const leave = (bytes: number): void => {
  const ballast = join(data, 'ballast')
  rmSync(ballast, { force: true })
  try {
    writeFileSync(ballast, new Uint8Array(Math.max(0, freeBytes() - bytes)))
  } catch (error) {
    // The hub wrote meanwhile; no room at all is what was asked for.
    if (bytes > 0) throw error
  }
}

const makeRoom = (): void => rmSync(join(data, 'ballast'), { force: true })

const answersUntil = async (isThere: (answers: { publish: string; feed: string }) => boolean) => {
  const deadlineMs = performance.now() + 30_000
  for (;;) {
    const answers = await client.tryOnce()
    if (isThere(answers) || performance.now() > deadlineMs) return answers
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const expectNothingWrong = async (): Promise<void> => {
  await client.readOn()
  await hub?.stop()
  hub = null
  const { acknowledged, ...wrong } = count(client, readHome(join(data, 'log.db')), READER)
  expect(wrong).toEqual({ lost: [], doubled: [], releasedWithoutRecord: [], unrecorded: [] })
  expect(acknowledged).toBeGreaterThan(0)
  const { problems } = await fsckHome(home.home, { kafka: null, io: null })
  expect(problems).toEqual([])
}

test.skipIf(!isRoot)(
  'with little room left publications are refused, and readers are served',
  async () => {
    await start(8)
    await client.traffic()
    leave(6 * MIB)
    expect(await answersUntil(({ publish }) => publish.startsWith('503'))).toEqual({
      publish: '503 disk-low',
      feed: '200',
    })
    makeRoom()
    expect(await answersUntil(({ publish }) => publish === '201')).toEqual({
      publish: '201',
      feed: '200',
    })
    await client.traffic()
    await expectNothingWrong()
  },
  120_000,
)

test.skipIf(!isRoot)(
  'with no room at all nothing is taken and nothing is released; with room again all goes on',
  async () => {
    await start(0)
    await client.traffic()
    await client.tryOnce()
    leave(0)
    const { publish, feed } = await answersUntil(({ feed }) => feed.startsWith('503'))
    expect(publish).toMatch(/^503 (?:log-unavailable|outcome-unknown)$/)
    expect(feed).toBe('503 record-not-durable')
    makeRoom()
    await answersUntil((answers) => answers.publish === '201' && answers.feed === '200')
    await client.traffic()
    await expectNothingWrong()
  },
  120_000,
)

test.skipIf(!isRoot)(
  'a disk that fills in the midst of publications loses nothing of what was acknowledged',
  async () => {
    await start(0)
    await client.tryOnce()
    leave(MIB)
    const burst = client.burst(200)
    await answersUntil(({ publish }) => publish.startsWith('503'))
    await hub?.kill()
    makeRoom()
    await start(0)
    await burst
    await expectNothingWrong()
  },
  180_000,
)
