import {
  checkGrowth,
  checkTiles,
  idOf,
  type NewTile,
  type TileStore,
} from '#core/ports/tile-store.ts'
import { sliceTile, TILE_WIDTH, type TileId, tilePath } from '#core/tlog/tile.ts'

/** What survives a store that is dropped: the widest state of each tile, by its full path. */
export interface MemoryTiles {
  readonly tiles: Map<string, Uint8Array>
  checkpoint: string | null
}

/** A tile store in memory, for tests of what stands on one. */
export const openMemoryTileStore = (
  memory: MemoryTiles = { tiles: new Map(), checkpoint: null },
): TileStore => new MemoryTileStore(memory)

class MemoryTileStore implements TileStore {
  readonly #memory: MemoryTiles

  constructor(memory: MemoryTiles) {
    this.#memory = memory
  }

  async write(tiles: readonly NewTile[]): Promise<void> {
    checkTiles(tiles)
    for (const tile of tiles) {
      const path = fullPath(idOf(tile))
      const stored = this.#memory.tiles.get(path) ?? new Uint8Array(0)
      checkGrowth(tile, stored)
      if (tile.bytes.length > stored.length) this.#memory.tiles.set(path, tile.bytes.slice())
    }
  }

  async read(tile: TileId): Promise<Uint8Array | null> {
    const stored = this.#memory.tiles.get(fullPath(tile)) ?? new Uint8Array(0)
    return sliceTile(stored, tile.width)?.slice() ?? null
  }

  async writeCheckpoint(text: string): Promise<void> {
    this.#memory.checkpoint = text
  }

  async readCheckpoint(): Promise<string | null> {
    return this.#memory.checkpoint
  }
}

const fullPath = (tile: TileId): string => tilePath({ ...tile, width: TILE_WIDTH })
