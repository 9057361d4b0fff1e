import { accessLeafHashes, LogBroken } from '#core/access-leaves.ts'
import { equalBytes, hex } from '#core/bytes.ts'
import type { Sha256 } from '#core/hash.ts'
import { type MessageLog, OffsetGone } from '#core/ports/message-log.ts'
import { TileConflict, TileDamaged, type TileStore } from '#core/ports/tile-store.ts'
import { readRange } from '#core/read-range.ts'
import type { Checkpoint } from '#core/tlog/checkpoint.ts'
import { treeRoot } from '#core/tlog/prove.ts'
import { type ReadTile, TILE_WIDTH } from '#core/tlog/tile.ts'
import { tileNodes } from '#core/tlog/tile-nodes.ts'
import {
  appendLeaves,
  EMPTY_EDGE,
  edgeFromTiles,
  edgeRoot,
  type Tile,
  type TreeEdge,
} from '#core/tlog/tree.ts'
import { ACCESS_TOPIC } from '#core/topics.ts'
import { newTile } from '#services/audit/integrate.ts'
import { LogForked, LogShorterThanCheckpoint, TilesDamaged } from '#services/audit/log-fault.ts'

export interface RestoreDeps {
  readonly log: MessageLog
  readonly tiles: TileStore
  readonly sha256: Sha256
  /** Told now and then while tiles are rebuilt from the topic. */
  readonly onProgress: (done: number, size: number) => void
}

interface Grown {
  readonly edge: TreeEdge
  readonly tiles: readonly Tile[]
}

/**
 * The tree of a signed checkpoint, once the tiles and the end of the access topic are seen to make
 * its root, and the roots of all smaller checkpoints given. Tiles that are missing or damaged are
 * made again from the topic. Throws `LogForked`, `LogShorterThanCheckpoint` or `LogBroken`, having
 * written nothing, and `TilesDamaged` when the store does not let the right ones take the place of
 * wrong ones.
 *
 * An entry changed in the middle of the topic goes unseen here while tiles and end are sound: that
 * costs reading all of it, which `rabta fsck` does.
 */
export const restoreTree = async (
  deps: RestoreDeps,
  newest: Checkpoint,
  others: readonly Checkpoint[],
): Promise<TreeEdge> => {
  const head = await deps.log.head(ACCESS_TOPIC)
  if (head < newest.size) {
    throw new LogShorterThanCheckpoint(`access has ${head} entries, the checkpoint ${newest.size}`)
  }
  const edge = (await fromTiles(deps, newest)) ?? (await fromTopic(deps, newest))
  for (const other of others) await checkOnTree(deps, newest, other)
  return edge
}

/** Null when tiles are missing, or when they and the topic's end make another root. */
const fromTiles = async (deps: RestoreDeps, newest: Checkpoint): Promise<TreeEdge | null> => {
  const { size, root } = newest
  // The last tile's leaves come from the topic: a topic that went another way after a restore
  // differs from there to its end.
  const from = Math.floor(Math.max(0, size - 1) / TILE_WIDTH) * TILE_WIDTH
  const before = await edgeFromTiles(from, readTileOf(deps))
  if (before === null) return null
  const hashes: Uint8Array[] = []
  for await (const batch of leafHashes(deps, from, size)) hashes.push(...batch)
  const grown = appendLeaves(deps.sha256, before, hashes)
  if (!equalBytes(edgeRoot(deps.sha256, grown.edge), root)) return null
  // The tiles at the edge were not read: this finds them damaged, or makes them again.
  await write(deps, grown.tiles)
  return grown.edge
}

const fromTopic = async (deps: RestoreDeps, { size, root }: Checkpoint): Promise<TreeEdge> => {
  // Twice through the topic, lest the tiles of a fork replace the only ones that are right.
  let edge = EMPTY_EDGE
  for await (const grown of treeOfTopic(deps, size)) edge = grown.edge
  const found = edgeRoot(deps.sha256, edge)
  if (!equalBytes(found, root)) {
    const roots = `${hex(found)}, the signed checkpoint says ${hex(root)}`
    throw new LogForked(`the first ${size} entries of access make the root ${roots}`)
  }
  for await (const { edge: done, tiles } of treeOfTopic(deps, size)) {
    await write(deps, tiles)
    deps.onProgress(done.size, size)
  }
  return edge
}

/** So many that full tiles of two levels come out, and partial ones are written once. */
const LEAVES_AT_ONCE = TILE_WIDTH * TILE_WIDTH

async function* treeOfTopic(deps: RestoreDeps, size: number): AsyncGenerator<Grown> {
  let edge = EMPTY_EDGE
  while (edge.size < size) {
    const to = Math.min(size, edge.size + LEAVES_AT_ONCE)
    const hashes: Uint8Array[] = []
    for await (const batch of leafHashes(deps, edge.size, to)) hashes.push(...batch)
    const grown = appendLeaves(deps.sha256, edge, hashes)
    yield grown
    edge = grown.edge
  }
}

async function* leafHashes(
  { log, sha256 }: RestoreDeps,
  from: number,
  to: number,
): AsyncGenerator<readonly Uint8Array[]> {
  let next = from
  try {
    for await (const entries of readRange(log, ACCESS_TOPIC, { from, to })) {
      yield accessLeafHashes(sha256, next, entries)
      next += entries.length
    }
  } catch (error) {
    if (error instanceof OffsetGone) throw new LogBroken(`access has lost entry ${next}`)
    throw error
  }
}

/** Throws unless an earlier checkpoint, too, is of this tree. */
const checkOnTree = async (
  deps: RestoreDeps,
  newest: Checkpoint,
  other: Checkpoint,
): Promise<void> => {
  const rootFromTiles = (): Promise<Uint8Array | null> =>
    treeRoot(deps.sha256, tileNodes(deps.sha256, newest.size, readTileOf(deps)), other.size)
  let root = await rootFromTiles()
  if (root === null) {
    await fromTopic(deps, newest)
    root = await rootFromTiles()
  }
  if (root !== null && equalBytes(root, other.root)) return
  const sizes = `size ${other.size} is not of the tree of size ${newest.size}`
  throw new LogForked(`the signed checkpoint of ${sizes}`)
}

/** `tiles` are known to be right: the topic makes the signed root. */
const write = async (deps: RestoreDeps, tiles: readonly Tile[]): Promise<void> => {
  try {
    await deps.tiles.write(tiles.map(newTile))
  } catch (error) {
    if (!(error instanceof TileConflict || error instanceof TileDamaged)) throw error
    throw new TilesDamaged(`${error.message}; remove the stored tiles: access makes them again`)
  }
}

/** A damaged tile is as good as none. */
const readTileOf =
  ({ tiles }: RestoreDeps): ReadTile =>
  async (tile) => {
    try {
      return await tiles.read(tile)
    } catch (error) {
      if (error instanceof TileDamaged) return null
      throw error
    }
  }
