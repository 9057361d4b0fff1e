import type { Sha256 } from '#core/hash.ts'
import { emptyRoot, HASH_BYTES, nodeHash, perfectRoot } from '#core/tlog/hash.ts'
import { isCount } from '#core/tlog/integer.ts'
import { type ReadTile, sliceTile, TILE_WIDTH, type TileId, tileWidth } from '#core/tlog/tile.ts'

/**
 * The right edge of a tree, which is all that appending and the root need: of each level of
 * tiles, the one that is not yet full. A value: appending gives a new edge and leaves the old one
 * valid, so a writer whose store fails goes on from the edge that it stored.
 */
export interface TreeEdge {
  readonly size: number
  /** By tile level; the hashes end to end, 0–255 of them. */
  readonly partials: readonly Uint8Array[]
}

export interface Tile extends TileId {
  /** `width` hashes, end to end. */
  readonly hashes: Uint8Array
}

export const EMPTY_EDGE: TreeEdge = { size: 0, partials: [] }

const TILE_BYTES = TILE_WIDTH * HASH_BYTES

/**
 * Appends leaves by their hashes. `tiles` are those that became longer, each once and as it is
 * now: from level 0 up, from left to right. A tile that fills up gives a hash to the next level.
 */
export const appendLeaves = (
  sha256: Sha256,
  edge: TreeEdge,
  leafHashes: readonly Uint8Array[],
): { readonly edge: TreeEdge; readonly tiles: readonly Tile[] } => {
  const size = edge.size + leafHashes.length
  if (!isCount(size)) throw new Error('A tree has at most 2^53 - 1 leaves')
  const partials = [...edge.partials]
  const tiles: Tile[] = []
  let arriving = leafHashes
  for (let level = 0; arriving.length > 0; level += 1) {
    const held = joinHashes(edge.partials[level] ?? new Uint8Array(0), arriving)
    const changed = cutTiles(held, level, edge.size)
    const full = changed.filter(({ width }) => width === TILE_WIDTH)
    tiles.push(...changed)
    // Copied, lest the edge keep the whole batch in memory.
    partials[level] = held.slice(full.length * TILE_BYTES)
    arriving = full.map(({ hashes }) => perfectRoot(sha256, hashes))
  }
  return { edge: { size, partials }, tiles }
}

/** The root of the tree whose edge this is. */
export const edgeRoot = (sha256: Sha256, edge: TreeEdge): Uint8Array => {
  let root: Uint8Array | null = null
  for (const hashes of edge.partials) {
    for (let end = hashes.length / HASH_BYTES; end > 0; ) {
      const start = end - lowestBit(end)
      const left = perfectRoot(sha256, hashes.subarray(start * HASH_BYTES, end * HASH_BYTES))
      root = root === null ? left : nodeHash(sha256, left, root)
      end = start
    }
  }
  return root ?? emptyRoot(sha256)
}

/**
 * The edge of the tree of `size` leaves from its partial tiles; null when one is missing or too
 * short. The tiles are taken as they are: compare `edgeRoot` with a signed checkpoint.
 */
export const edgeFromTiles = async (size: number, readTile: ReadTile): Promise<TreeEdge | null> => {
  if (!isCount(size)) return null
  const partials: Uint8Array[] = []
  for (let level = 0; size >= TILE_WIDTH ** level; level += 1) {
    const index = Math.floor(size / TILE_WIDTH ** (level + 1))
    const width = tileWidth(level, index, size)
    const hashes = width === 0 ? new Uint8Array(0) : await readTile({ level, index, width })
    const partial = hashes && sliceTile(hashes, width)
    if (partial === null) return null
    partials.push(new Uint8Array(partial))
  }
  return { size, partials }
}

/** For 1–256. */
const lowestBit = (value: number): number => value & -value

const joinHashes = (held: Uint8Array, arriving: readonly Uint8Array[]): Uint8Array => {
  const joined = new Uint8Array(held.length + arriving.length * HASH_BYTES)
  joined.set(held)
  let at = held.length
  for (const hash of arriving) {
    if (hash.length !== HASH_BYTES) throw new Error('A leaf hash has 32 bytes')
    joined.set(hash, at)
    at += HASH_BYTES
  }
  return joined
}

/** The tiles over `held`, of which the first begins where the level's partial tile did. */
const cutTiles = (held: Uint8Array, level: number, oldSize: number): readonly Tile[] => {
  const first = Math.floor(oldSize / TILE_WIDTH ** (level + 1))
  return Array.from({ length: Math.ceil(held.length / TILE_BYTES) }, (_, nth) => {
    const hashes = held.subarray(nth * TILE_BYTES, (nth + 1) * TILE_BYTES)
    return { level, index: first + nth, width: hashes.length / HASH_BYTES, hashes }
  })
}
