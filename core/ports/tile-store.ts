import { equalBytes } from '#core/bytes.ts'
import { HASH_BYTES } from '#core/tlog/hash.ts'
import { parseTilePath, TILE_WIDTH, type TileId, tilePath } from '#core/tlog/tile.ts'

/**
 * The hash tiles and the newest checkpoint of one log (C2SP tlog-tiles). Tiles are a pure function
 * of the log's entries, so a lost one can be made again; the checkpoint cannot.
 *
 * One process writes; it may call again before a write has settled, and calls are carried out in
 * their order. Others may read at any time.
 */
export interface TileStore {
  /**
   * Resolves when all are durable. A tile only grows: what is stored of it must be how the new
   * bytes begin, or the reverse (nothing is to be done then). Otherwise it is a `TileConflict`, for
   * then the log has changed under its hashes; after that, any of the other tiles may or may
   * not be there. Rejects with a `RangeError`, having written none, as `checkTiles` says.
   */
  write(tiles: readonly NewTile[]): Promise<void>

  /**
   * The first `width` hashes of a tile, cut from what is stored of it; null when that is less. The
   * bytes are the caller's own. Rejects with `TileDamaged` when what is stored cannot be a tile.
   */
  read(tile: TileId): Promise<Uint8Array | null>

  /**
   * Resolves when `text` is durable in the place of the checkpoint before it; whatever crashes, one
   * of the two is there, whole. To be called when the tiles of its tree are durable. From here on
   * the narrower states of tiles that were written before this call need not be kept.
   */
  writeCheckpoint(text: string): Promise<void>

  /** What `writeCheckpoint` wrote last; null in a new store. */
  readCheckpoint(): Promise<string | null>
}

export interface NewTile {
  readonly level: number
  readonly index: number
  /** 1 to 256 hashes of 32 bytes, end to end. */
  readonly bytes: Uint8Array
}

export const idOf = ({ level, index, bytes }: NewTile): TileId => ({
  level,
  index,
  width: bytes.length / HASH_BYTES,
})

/** Throws a `RangeError`, for it is the caller's bug, unless each is a tile, and there once. */
export const checkTiles = (tiles: readonly NewTile[]): void => {
  const seen = new Set<string>()
  for (const tile of tiles) {
    const { width, ...place } = idOf(tile)
    if (!Number.isInteger(width) || width < 1 || width > TILE_WIDTH) {
      throw new RangeError(`${tile.bytes.length} bytes are no tile`)
    }
    const path = tilePath({ ...place, width: TILE_WIDTH })
    if (parseTilePath(path) === null) throw new RangeError(`there is no ${path}`)
    if (seen.has(path)) throw new RangeError(`${path} is to be written twice at once`)
    seen.add(path)
  }
}

/** Throws `TileConflict` unless one of the two is the beginning of the other. */
export const checkGrowth = (tile: NewTile, stored: Uint8Array): void => {
  const shared = Math.min(tile.bytes.length, stored.length)
  if (!equalBytes(tile.bytes.subarray(0, shared), stored.subarray(0, shared))) {
    throw new TileConflict(`${tilePath(idOf(tile))} differs from the tile that is stored`)
  }
}

/** A tile was to be replaced by one that does not begin as it does. */
export class TileConflict extends Error {
  override readonly name = 'TileConflict'
}

/** What is stored in the place of a tile is none. */
export class TileDamaged extends Error {
  override readonly name = 'TileDamaged'
}
