import type { Sha256 } from '#core/hash.ts'
import { HASH_BYTES, perfectRoot } from '#core/tlog/hash.ts'
import type { ReadNode } from '#core/tlog/prove.ts'
import { type ReadTile, sliceTile, TILE_WIDTH, tilePath, tileWidth } from '#core/tlog/tile.ts'

const LEVELS_A_TILE = 8

/**
 * Reads nodes of the tree of `size` leaves from its tiles, each tile once. Made for one proof:
 * it remembers every tile that it read, so it is not kept.
 */
export const tileNodes = (sha256: Sha256, size: number, readTile: ReadTile): ReadNode => {
  const tiles = new Map<string, Promise<Uint8Array | null>>()
  const hashesOf = (level: number, index: number): Promise<Uint8Array | null> => {
    const tile = { level, index, width: tileWidth(level, index, size) }
    const path = tilePath(tile)
    const known = tiles.get(path)
    if (known !== undefined) return known
    const reading = readTile(tile).then((bytes) => bytes && sliceTile(bytes, tile.width))
    tiles.set(path, reading)
    return reading
  }
  return async (level, index) => {
    const width = 2 ** (level % LEVELS_A_TILE)
    const first = index * width
    const hashes = await hashesOf(Math.floor(level / LEVELS_A_TILE), Math.floor(first / TILE_WIDTH))
    const start = (first % TILE_WIDTH) * HASH_BYTES
    const end = start + width * HASH_BYTES
    if (hashes === null || hashes.length < end) return null
    return perfectRoot(sha256, hashes.subarray(start, end))
  }
}
