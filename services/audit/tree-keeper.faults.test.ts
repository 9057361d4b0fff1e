import { describe, expect, test } from 'vitest'
import { systemClock } from '#adapters/crypto/clock.ts'
import { openMemoryLog } from '#adapters/memory/message-log.ts'
import { openMemoryTileStore } from '#adapters/memory/tile-store.ts'
import { equalBytes } from '#core/bytes.ts'
import type { MessageLog } from '#core/ports/message-log.ts'
import type { TileStore } from '#core/ports/tile-store.ts'
import { openCheckpoint } from '#core/tlog/signed-checkpoint.ts'
import { tilePath, tilesBetween } from '#core/tlog/tile.ts'
import { ACCESS_TOPIC, CHECKPOINTS_TOPIC } from '#core/topics.ts'
import type { TreeKeeperDeps } from '#services/audit/tree-keeper.ts'
import {
  accessEntries,
  type Bench,
  bench,
  integrated,
  type LogStores,
  leaves,
  logSigner,
  logTrust,
  newStores,
  rootOf,
  signedCheckpoints,
} from '#tests/access-log-bench.ts'
import { FailingCalls, type PlannedFault } from '#tests/failing-calls.ts'

/** All that the keeper writes or signs fails as planned; records go in undisturbed. */
const failing = (stores: LogStores, calls: FailingCalls): Partial<TreeKeeperDeps> => {
  const inner = openMemoryLog(stores.entries)
  const tileStore = openMemoryTileStore(stores.tiles)
  const log: MessageLog = {
    append: (topic, entries) => {
      const append = (): Promise<readonly number[]> => inner.append(topic, entries)
      return topic === CHECKPOINTS_TOPIC ? calls.call(append) : append()
    },
    read: (topic, from, limit) => inner.read(topic, from, limit),
    follow: (topic, from, signal) => inner.follow(topic, from, signal),
    head: (topic) => inner.head(topic),
    ensureTopics: (topics) => inner.ensureTopics(topics),
    close: () => inner.close(),
  }
  const tiles: TileStore = {
    write: (written) => calls.call(() => tileStore.write(written)),
    writeCheckpoint: (text) => calls.call(() => tileStore.writeCheckpoint(text)),
    read: (tile) => tileStore.read(tile),
    readCheckpoint: () => tileStore.readCheckpoint(),
  }
  const signer = { ...logSigner, sign: (m: Uint8Array) => calls.call(() => logSigner.sign(m)) }
  return { log, tiles, signer }
}

/** Full and partial tiles of two levels, alone and together. */
const BATCHES = [1, 255, 1, 300]

const ALL = BATCHES.reduce((sum, count) => sum + count, 0)

/** Appends the batches, each once the one before is published or will never be. */
const work = async (run: Bench, calls: FailingCalls): Promise<void> => {
  let from = 0
  const started = await run.keeper.start().then(
    () => true,
    () => false,
  )
  for (const count of BATCHES) {
    await run.log.append(ACCESS_TOPIC, leaves(from, count))
    from += count
    while (started && !calls.hasCrashed && (run.published.current?.size ?? 0) < from) {
      await systemClock.sleep(1)
    }
  }
  await run.keeper.stop()
}

/** The promise, whatever happened: nothing but the one tree of the topic was ever signed. */
const expectOneTree = async (stores: LogStores): Promise<void> => {
  const entries = accessEntries(stores)
  const checkpoints = await signedCheckpoints(stores)
  for (const { size, root } of checkpoints) expect(root).toEqual(rootOf(entries.slice(0, size)))
  const sizes = checkpoints.map(({ size }) => size)
  expect(sizes).toEqual(sizes.toSorted((a, b) => a - b))
}

const undisturbed = async () => {
  const stores = newStores()
  const calls = new FailingCalls(null)
  await work(bench(stores, failing(stores, calls)), calls)
  return { calls: calls.count, tiles: stores.tiles.tiles }
}

const { calls: CALLS, tiles: TILES } = await undisturbed()
const faults = (crash: boolean): readonly PlannedFault[] =>
  Array.from({ length: CALLS }, (_, at) => at + 1).flatMap((call) => [
    { call, crash, kind: 'did-not-happen' as const },
    { call, crash, kind: 'happened' as const },
  ])

test('there are four calls for each checkpoint', () => {
  expect(CALLS).toBe(4 * (1 + BATCHES.length))
})

test('a checkpoint is appended only when all of its tiles are stored', async () => {
  const stores = newStores()
  const over = failing(stores, new FailingCalls(null))
  const log = over.log ?? openMemoryLog(stores.entries)
  const missing: string[] = []
  const append: MessageLog['append'] = async (topic, entries) => {
    const note = topic === CHECKPOINTS_TOPIC ? entries[0] : undefined
    const checkpoint = note && (await openCheckpoint(note, logTrust))
    const size = checkpoint?.ok ? checkpoint.checkpoint.size : 0
    for (const tile of tilesBetween(0, size)) {
      if ((await over.tiles?.read(tile)) === null) missing.push(tilePath(tile))
    }
    return log.append(topic, entries)
  }
  const run = bench(stores, { ...over, log: { ...log, append } })
  await work(run, new FailingCalls(null))
  expect(run.published.current?.size).toBe(ALL)
  expect(missing).toEqual([])
})

describe('a crash at any call', () => {
  test.each(faults(true))('$call, which $kind, is repaired by the next start', async (fault) => {
    const stores = newStores()
    const calls = new FailingCalls(fault)
    const first = bench(stores, failing(stores, calls))
    await work(first, calls)
    await expectOneTree(stores)
    const seen = first.published.current
    const second = bench(stores)
    await second.keeper.start()
    // What anyone was shown is still promised.
    expect(second.published.current?.size).toBeGreaterThanOrEqual(seen?.size ?? 0)
    const { root } = await integrated(second)
    await second.keeper.stop()
    expect(root).toEqual(rootOf(leaves(0, ALL)))
    await expectOneTree(stores)
    expect(stores.tiles.tiles).toEqual(TILES)
    const last = stores.entries.get(CHECKPOINTS_TOPIC)?.at(-1) ?? new Uint8Array(0)
    expect(equalBytes(new TextEncoder().encode(stores.tiles.checkpoint ?? ''), last)).toBe(true)
  })
})

describe('a fault that passes, at any call after the start,', () => {
  const afterStart = faults(false).filter(({ call }) => call > 4)
  test.each(afterStart)('$call, which $kind, only delays', async (fault) => {
    const stores = newStores()
    const calls = new FailingCalls(fault)
    const run = bench(stores, failing(stores, calls))
    await work(run, calls)
    expect(run.published.current?.root).toEqual(rootOf(leaves(0, ALL)))
    expect(run.keeper.failure).toBeNull()
    expect(run.alarms).toMatchObject([{ what: 'log-delayed' }])
    await expectOneTree(stores)
    expect(stores.tiles.tiles).toEqual(TILES)
  })
})
