import { beforeEach, describe, expect, test } from 'vitest'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { verifySignature } from '#adapters/crypto/verify.ts'
import { openMemoryLog } from '#adapters/memory/message-log.ts'
import { openMemoryTileStore } from '#adapters/memory/tile-store.ts'
import { utf8 } from '#core/bytes.ts'
import { fsck } from '#core/fsck.ts'
import { ACCESS_TOPIC, CHECKPOINTS_TOPIC } from '#core/topics.ts'
import {
  bench,
  fill,
  integrated,
  type LogStores,
  leaves,
  logKey,
  newStores,
  rootOf,
  signedStores,
} from '#tests/access-log-bench.ts'
import { publishedFrame } from '#tests/published-frame.ts'

const check = (stores: LogStores) =>
  fsck({
    log: openMemoryLog(stores.entries),
    tiles: openMemoryTileStore(stores.tiles),
    logKey,
    sha256,
    verify: verifySignature,
    onProgress: () => undefined,
  })

const flip = (bytes: Uint8Array | undefined, at: number): void => {
  if (bytes === undefined) throw new Error('nothing to damage')
  bytes[at] = (bytes[at] ?? 0) ^ 1
}

/** The first 1,000 come in one batch, so there are checkpoints of 0, 1,000 and 1,300. */
const SIZE = 1_300

describe('fsck finds nothing wrong', () => {
  test('with a log that has not begun', async () => {
    expect(await check(newStores())).toEqual({ size: 0, root: null, problems: [] })
  })

  test('with a log of many checkpoints, and says its root', async () => {
    const stores = newStores()
    const run = bench(stores)
    await run.keeper.start()
    for (let from = 0; from < 700; from += 70) {
      await run.log.append(ACCESS_TOPIC, leaves(from, 70))
      await integrated(run)
    }
    await run.keeper.stop()
    // Not yet under a checkpoint: they may be there.
    fill(stores, ACCESS_TOPIC, leaves(700, 5))
    const root = rootOf(leaves(0, 700))
    expect(await check(stores)).toEqual({ size: 700, root, problems: [] })
  })

  test('when a checkpoint came twice, or after a larger one', async () => {
    const stores = await signedStores(leaves(0, 5))
    const topic = stores.entries.get(CHECKPOINTS_TOPIC) ?? []
    topic.push(topic[1], topic[0])
    expect((await check(stores)).problems).toEqual([])
  })

  test('with tiles that reach beyond the last checkpoint, as a crash leaves them', async () => {
    const stores = await signedStores(leaves(0, 5))
    const later = await signedStores(leaves(0, 700))
    const { checkpoint } = stores.tiles
    const mixed = { entries: later.entries, tiles: { tiles: later.tiles.tiles, checkpoint } }
    mixed.entries.set(CHECKPOINTS_TOPIC, stores.entries.get(CHECKPOINTS_TOPIC) ?? [])
    expect(await check(mixed)).toMatchObject({ size: 5, problems: [] })
  })
})

describe('fsck names the place', () => {
  let stores: LogStores
  beforeEach(async () => {
    stores = await signedStores(leaves(0, SIZE))
  })
  const problems = async (): Promise<readonly string[]> => (await check(stores)).problems

  test('of an entry that was changed', async () => {
    stores.entries.get(ACCESS_TOPIC)?.splice(1_234, 1, utf8('changed'))
    expect(await problems()).toEqual([
      'access entry 1234: its hash is not the one in tile/0/004, position 210',
      'checkpoints entry 2: its root is not that of the first 1300 entries of access',
    ])
  })

  test('of a leaf’s hash that was changed in a tile', async () => {
    flip(stores.tiles.tiles.get('tile/0/003'), 32 * 7)
    expect(await problems()).toEqual([
      'access entry 775: its hash is not the one in tile/0/003, position 7',
    ])
  })

  test('of a hash that was changed in a tile above', async () => {
    flip(stores.tiles.tiles.get('tile/1/000'), 32 * 3)
    expect(await problems()).toEqual(['tile/1/000.p/5, position 3: not the hash of tile/0/003'])
  })

  test('of a tile that is missing, full or at the edge', async () => {
    stores.tiles.tiles.delete('tile/0/002')
    stores.tiles.tiles.delete('tile/0/005')
    expect(await problems()).toEqual(['tile/0/002: missing', 'tile/0/005.p/20: missing'])
  })

  test('where the access topic ends too early', async () => {
    stores.entries.get(ACCESS_TOPIC)?.splice(1_200)
    const report = await check(stores)
    expect(report.root).toBeNull()
    expect(report.problems).toContain(
      'access has 1200 entries, fewer than checkpoints entry 2 says: 1300',
    )
  })

  test('of an entry that is missing', async () => {
    stores.entries.get(ACCESS_TOPIC)?.fill(undefined, 0, 10)
    expect(await problems()).toEqual(['access entry 0 is missing'])
  })

  test('of an entry that is no leaf', async () => {
    stores.entries.get(ACCESS_TOPIC)?.splice(3, 1, new Uint8Array(0))
    expect(await problems()).toEqual(['access entry 3 has 0 bytes, so it is no leaf'])
  })

  test('of a checkpoint of another tree, and of one that is none', async () => {
    const other = await signedStores(leaves(9_000, 3))
    const foreign = other.entries.get(CHECKPOINTS_TOPIC)?.at(-1) ?? utf8('')
    stores.entries.get(CHECKPOINTS_TOPIC)?.splice(1, 0, foreign, utf8('nonsense'))
    expect(await problems()).toEqual([
      'checkpoints entry 1: its root is not that of the first 3 entries of access',
      'checkpoints entry 2: malformed',
    ])
  })

  test('where the checkpoints topic lost its end', async () => {
    stores.entries.get(CHECKPOINTS_TOPIC)?.pop()
    expect(await problems()).toEqual([
      'checkpoints ends at size 1000, the checkpoint beside the tiles says 1300',
    ])
  })

  test('of a changed checkpoint beside the tiles', async () => {
    stores.tiles.checkpoint = (stores.tiles.checkpoint ?? '').replace('1300', '1301')
    expect(await problems()).toEqual(['the checkpoint beside the tiles: invalid-signature'])
  })

  test('of what is no frame, and of stamps without their record', async () => {
    const { record, frame } = publishedFrame({ index: SIZE })
    const later = publishedFrame({ index: SIZE + 7 })
    fill(stores, ACCESS_TOPIC, [record])
    fill(stores, 'live.intake.PK-KP', [frame, utf8('nonsense'), later.frame])
    fill(stores, 'live.alerts.PK-KP.RESTRICTED', [publishedFrame({ index: 12 }).frame])
    const at = 'live.intake.PK-KP entry'
    expect(await problems()).toEqual([
      `${at} 1: is no frame`,
      `${at} 2: quotes access entry 1307: it is not there`,
      'live.alerts.PK-KP.RESTRICTED entry 0: quotes access entry 12: it has another leaf hash',
    ])
  })

  test('of a topic that does not exist', async () => {
    stores.entries.delete('exercise.intake.PK-SD')
    expect(await problems()).toEqual(['exercise.intake.PK-SD does not exist'])
  })

  test('and lists no more than it may', async () => {
    const nonsense = Array.from({ length: 130 }, () => utf8('x'))
    fill(stores, 'live.intake.PK-KP', nonsense)
    const found = await problems()
    expect(found).toHaveLength(101)
    expect(found.at(-1)).toBe('and 30 more problems, not listed')
  })
})
