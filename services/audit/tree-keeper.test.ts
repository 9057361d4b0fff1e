import { afterEach, describe, expect, test } from 'vitest'
import { LogBroken } from '#core/access-leaves.ts'
import { utf8 } from '#core/bytes.ts'
import { TileConflict } from '#core/ports/tile-store.ts'
import { ACCESS_TOPIC, CHECKPOINTS_TOPIC } from '#core/topics.ts'
import {
  CheckpointUnverifiable,
  LogForked,
  LogShorterThanCheckpoint,
  TilesDamaged,
} from '#services/audit/log-fault.ts'
import {
  accessEntries,
  type Bench,
  bench,
  fill,
  integrated,
  type LogStores,
  leaves,
  newStores,
  rootOf,
  signedCheckpoints,
  signedStores,
} from '#tests/access-log-bench.ts'

const opened: Bench[] = []
const open = (...args: Parameters<typeof bench>): Bench => {
  const one = bench(...args)
  opened.push(one)
  return one
}
afterEach(async () => {
  await Promise.all(opened.splice(0).map(({ keeper }) => keeper.stop()))
})

const signedLog = (size: number): Promise<LogStores> => signedStores(leaves(0, size))

const notes = (stores: LogStores): number => stores.entries.get(CHECKPOINTS_TOPIC)?.length ?? 0

describe('the keeper of the tree', () => {
  test('signs the empty tree at its first start', async () => {
    const stores = newStores()
    const run = open(stores)
    await run.keeper.start()
    expect(run.published.current).toMatchObject({ size: 0, root: rootOf([]) })
    expect(await signedCheckpoints(stores)).toHaveLength(1)
    expect(stores.tiles.checkpoint).toMatch(/^log\.test\/access\n0\n/)
  })

  test('puts every record under a checkpoint, however records arrive', async () => {
    const stores = newStores()
    const run = open(stores)
    await run.keeper.start()
    for (const [from, count] of [
      [0, 1],
      [1, 1],
      [2, 300],
      [302, 700],
      [1_002, 1],
    ] as const) {
      await run.log.append(ACCESS_TOPIC, leaves(from, count))
      const checkpoint = await integrated(run)
      expect(checkpoint.root).toEqual(rootOf(leaves(0, from + count)))
    }
    const sizes = (await signedCheckpoints(stores)).map(({ size }) => size)
    expect(sizes).toEqual(sizes.toSorted((a, b) => a - b))
    expect(stores.tiles.checkpoint).toMatch(/^log\.test\/access\n1003\n/)
  })

  test('covers a lone record at once, and many by one checkpoint each interval', async () => {
    const stores = newStores()
    const run = open(stores, { checkpointEveryMs: 400 })
    await run.keeper.start()
    const startedAtMs = performance.now()
    await run.log.append(ACCESS_TOPIC, leaves(0, 1))
    await integrated(run)
    expect(performance.now() - startedAtMs).toBeLessThan(100)
    for (let from = 1; from <= 20; from += 1) await run.log.append(ACCESS_TOPIC, leaves(from, 1))
    await integrated(run)
    expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(390)
    expect((await signedCheckpoints(stores)).map(({ size }) => size)).toEqual([0, 1, 21])
  })

  test('goes on after a restart, and signs nothing when there is nothing new', async () => {
    const stores = await signedLog(300)
    const before = notes(stores)
    const second = open(stores)
    await second.keeper.start()
    expect(second.published.current).toMatchObject({ size: 300, root: rootOf(leaves(0, 300)) })
    expect(notes(stores)).toBe(before)
    await second.log.append(ACCESS_TOPIC, leaves(300, 5))
    expect((await integrated(second)).root).toEqual(rootOf(leaves(0, 305)))
  })

  test('stops at an entry that no bundle can hold, and signs nothing beyond it', async () => {
    const stores = await signedLog(3)
    const run = open(stores)
    await run.keeper.start()
    fill(stores, ACCESS_TOPIC, [new Uint8Array(65_536)])
    await run.log.append(ACCESS_TOPIC, leaves(4, 1))
    await expect.poll(() => run.keeper.failure).toBeInstanceOf(LogBroken)
    expect(run.alarms).toMatchObject([{ what: 'log-stopped' }])
    expect(run.published.current?.size).toBe(3)
  })

  test('stops when records that it has read were lost and replaced', async () => {
    // The tiles of a process that died before it signed, over a topic that lost its end since.
    const longer = await signedLog(310)
    const stores = await signedLog(300)
    const { checkpoint } = stores.tiles
    const tiles = { tiles: longer.tiles.tiles, checkpoint }
    fill(stores, ACCESS_TOPIC, leaves(1_000, 10))
    const run = open({ entries: stores.entries, tiles })
    await run.keeper.start()
    await expect.poll(() => run.keeper.failure).toBeInstanceOf(TileConflict)
    expect(run.published.current?.size).toBe(300)
    expect((await signedCheckpoints(stores)).at(-1)?.size).toBe(300)
  })

  test('stops at a gap', async () => {
    const stores = await signedLog(3)
    stores.entries.get(ACCESS_TOPIC)?.push(utf8('a'), undefined, utf8('b'))
    const run = open(stores)
    await run.keeper.start()
    await expect.poll(() => run.keeper.failure?.message).toBe('access has lost entry 4')
    expect(run.published.current?.size).toBeLessThanOrEqual(4)
  })
})

describe('a start refuses what it did not sign', () => {
  const refusal = async (stores: LogStores, ...over: [Parameters<typeof bench>[1]?]) => {
    const before = notes(stores)
    const run = open(stores, ...over)
    const error = await run.keeper.start().then(
      () => null,
      (thrown: unknown) => thrown,
    )
    expect(notes(stores)).toBe(before)
    expect(run.published.current).toBeNull()
    return error
  }

  test('a topic that is shorter than its checkpoint', async () => {
    const stores = await signedLog(300)
    stores.entries.get(ACCESS_TOPIC)?.pop()
    expect(await refusal(stores)).toBeInstanceOf(LogShorterThanCheckpoint)
  })

  test('a topic that went another way after a restore', async () => {
    const stores = await signedLog(300)
    const tiles = structuredClone(stores.tiles)
    stores.entries.get(ACCESS_TOPIC)?.splice(290, 10, ...leaves(1_000, 20))
    expect(await refusal(stores)).toBeInstanceOf(LogForked)
    expect(stores.tiles).toEqual(tiles)
  })

  test.each([256, 512, 300])('another last entry of %i, and no tiles to compare', async (size) => {
    const stores = await signedLog(size)
    stores.tiles.tiles.clear()
    stores.entries.get(ACCESS_TOPIC)?.splice(-1, 1, utf8('other'))
    expect(await refusal(stores)).toBeInstanceOf(LogForked)
    expect(stores.tiles.tiles.size).toBe(0)
  })

  test('a topic that lost its beginning, when the tiles are lost too', async () => {
    const stores = await signedLog(300)
    stores.tiles.tiles.clear()
    stores.entries.get(ACCESS_TOPIC)?.fill(undefined, 0, 10)
    expect(await refusal(stores)).toBeInstanceOf(LogBroken)
  })

  test('checkpoints that are all of another key', async () => {
    const stores = await signedLog(3)
    stores.entries.get(CHECKPOINTS_TOPIC)?.fill(utf8('nonsense\n'))
    expect(await refusal(stores)).toBeInstanceOf(CheckpointUnverifiable)
  })

  test('a saved checkpoint that is larger than all that came back from a backup', async () => {
    const stores = await signedLog(300)
    const saved = stores.entries.get(CHECKPOINTS_TOPIC)?.at(-1) ?? new Uint8Array(0)
    const restored = newStores()
    fill(restored, ACCESS_TOPIC, leaves(0, 200))
    const savedCheckpoints = [saved]
    expect(await refusal(restored, { savedCheckpoints })).toBeInstanceOf(LogShorterThanCheckpoint)
  })

  test('a saved checkpoint of another tree', async () => {
    const other = newStores()
    fill(other, ACCESS_TOPIC, leaves(5_000, 100))
    const run = open(other)
    await run.keeper.start()
    await integrated(run)
    const saved = other.entries.get(CHECKPOINTS_TOPIC)?.at(-1) ?? new Uint8Array(0)
    const stores = await signedLog(300)
    expect(await refusal(stores, { savedCheckpoints: [saved] })).toBeInstanceOf(LogForked)
  })
})

describe('a start repairs', () => {
  const restarted = async (stores: LogStores): Promise<Bench> => {
    const run = open(stores)
    await run.keeper.start()
    const size = accessEntries(stores).length
    expect(run.published.current).toMatchObject({ size, root: rootOf(accessEntries(stores)) })
    return run
  }

  test('tiles that are lost', async () => {
    const stores = await signedLog(70_000)
    const tiles = structuredClone(stores.tiles.tiles)
    stores.tiles.tiles.clear()
    const run = open(stores)
    await run.keeper.start()
    expect(run.published.current?.size).toBe(70_000)
    expect(stores.tiles.tiles).toEqual(tiles)
  })

  test.each(['tile/0/001', 'tile/1/000'])('%s, lost alone at the edge', async (path) => {
    const stores = await signedLog(300)
    const tiles = structuredClone(stores.tiles.tiles)
    stores.tiles.tiles.delete(path)
    await restarted(stores)
    expect(stores.tiles.tiles).toEqual(tiles)
  })

  test('the checkpoint that is served as a file', async () => {
    const stores = await signedLog(300)
    const { checkpoint } = stores.tiles
    stores.tiles.checkpoint = null
    await restarted(stores)
    expect(stores.tiles.checkpoint).toBe(checkpoint)
  })

  test('a topic of checkpoints that came back without its end', async () => {
    const stores = await signedLog(300)
    stores.entries.get(CHECKPOINTS_TOPIC)?.pop()
    await restarted(stores)
    expect((await signedCheckpoints(stores)).at(-1)?.size).toBe(300)
  })

  test('nothing of what somebody else wrote among the checkpoints, but raises an alarm', async () => {
    const stores = await signedLog(300)
    fill(stores, CHECKPOINTS_TOPIC, [utf8('nonsense')])
    const run = await restarted(stores)
    expect(run.alarms).toMatchObject([{ what: 'checkpoint-unverifiable', why: 'malformed' }])
  })

  test('no tile that is wrong: it names it, and rebuilds once it is removed', async () => {
    const stores = await signedLog(300)
    const tile = stores.tiles.tiles.get('tile/0/001')
    if (tile !== undefined) tile[0] = (tile[0] ?? 0) ^ 1
    const refused = open(stores)
    await expect(refused.keeper.start()).rejects.toThrow(TilesDamaged)
    stores.tiles.tiles.clear()
    await restarted(stores)
  })
})
