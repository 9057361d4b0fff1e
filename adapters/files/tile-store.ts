import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolderDurably, writeFilesDurably } from '#adapters/files/durable-file.ts'
import {
  checkGrowth,
  checkTiles,
  idOf,
  type NewTile,
  TileDamaged,
  type TileStore,
} from '#core/ports/tile-store.ts'
import { HASH_BYTES } from '#core/tlog/hash.ts'
import { sliceTile, TILE_WIDTH, type TileId, tilePath } from '#core/tlog/tile.ts'

/**
 * A tile store in C2SP's own layout, so that any static file server and any outside checker can
 * read it: `checkpoint`, `tile/<L>/<N>`, `tile/<L>/<N>.p/<W>` in `folder`, made if it is missing.
 */
export const openFileTileStore = async (folder: string): Promise<TileStore> => {
  await makeFolderDurably(folder)
  return new FileTileStore(folder)
}

class FileTileStore implements TileStore {
  readonly #folder: string
  #lastWrite: Promise<void> = Promise.resolve()
  /** By full path, the widest state of each tile that has narrower ones beside it. */
  #superseding = new Map<string, TileId>()

  constructor(folder: string) {
    this.#folder = folder
  }

  write(tiles: readonly NewTile[]): Promise<void> {
    return this.#inTurn(() => this.#write(tiles))
  }

  read(tile: TileId): Promise<Uint8Array | null> {
    return this.#read(tile, 0)
  }

  writeCheckpoint(text: string): Promise<void> {
    return this.#inTurn(() => this.#writeCheckpoint(text))
  }

  async readCheckpoint(): Promise<string | null> {
    const bytes = await readIfThere(join(this.#folder, CHECKPOINT))
    return bytes === null ? null : new TextDecoder().decode(bytes)
  }

  /** `gone`: the widest partial state that an earlier look listed and could not read. */
  async #read(tile: TileId, gone: number): Promise<Uint8Array | null> {
    // Partial states first: they are removed only when a wider one is there, so a tile that grows
    // between the two looks is found by the second.
    const widest = tile.width === TILE_WIDTH ? 0 : ((await this.#partialWidths(tile))[0] ?? 0)
    const isThere = widest >= tile.width
    const wide = isThere ? await this.#readWhole({ ...tile, width: widest }) : null
    const bytes = wide ?? (await this.#readWhole({ ...tile, width: TILE_WIDTH }))
    if (bytes !== null) return sliceTile(bytes, tile.width)
    if (!isThere) return null
    if (widest === gone) throw new TileDamaged(`${tilePath(tile)} is listed but not there`)
    // A wider one has taken its place.
    return this.#read(tile, widest)
  }

  async #write(tiles: readonly NewTile[]): Promise<void> {
    checkTiles(tiles)
    const files = []
    for (const tile of tiles) {
      const id = idOf(tile)
      const stored = await this.#widest(id)
      if (stored !== null) checkGrowth(tile, stored)
      const storedWidth = (stored?.length ?? 0) / HASH_BYTES
      if (id.width <= storedWidth) continue
      files.push({ name: tilePath(id), content: tile.bytes })
      if (storedWidth > 0) this.#superseding.set(fullPath(id), id)
    }
    await writeFilesDurably(this.#folder, files)
  }

  // A static reader of the checkpoint before this one asks for the tiles by their width in its
  // tree. So they go only now, and a crash in between leaves files that nobody needs.
  async #writeCheckpoint(text: string): Promise<void> {
    await writeFilesDurably(this.#folder, [{ name: CHECKPOINT, content: text }])
    const superseding = [...this.#superseding.values()]
    this.#superseding = new Map()
    // What cannot be removed takes room and does no harm: reads prefer what is wider.
    for (const tile of superseding) await this.#removeNarrower(tile).catch(() => undefined)
  }

  async #removeNarrower(tile: TileId): Promise<void> {
    const partials = this.#partialsFolder(tile)
    if (tile.width === TILE_WIDTH) return rm(partials, { recursive: true, force: true })
    for (const width of await this.#partialWidths(tile)) {
      if (width < tile.width) await rm(join(partials, String(width)), { force: true })
    }
  }

  async #widest(tile: TileId): Promise<Uint8Array | null> {
    const full = await this.#readWhole({ ...tile, width: TILE_WIDTH })
    const [width] = full === null ? await this.#partialWidths(tile) : []
    return width === undefined ? full : this.#readWhole({ ...tile, width })
  }

  /** The widths of the partial states that are stored, widest first. */
  async #partialWidths(tile: TileId): Promise<readonly number[]> {
    const names = await readdir(this.#partialsFolder(tile)).catch(nullIfMissing)
    const widths = (names ?? []).filter((name) => /^[1-9][0-9]{0,2}$/.test(name)).map(Number)
    return widths.filter((width) => width < TILE_WIDTH).sort((a, b) => b - a)
  }

  #partialsFolder(tile: TileId): string {
    return join(this.#folder, `${fullPath(tile)}.p`)
  }

  async #readWhole(tile: TileId): Promise<Uint8Array | null> {
    const bytes = await readIfThere(join(this.#folder, tilePath(tile)))
    if (bytes !== null && bytes.length !== tile.width * HASH_BYTES) {
      throw new TileDamaged(`${tilePath(tile)} has ${bytes.length} bytes`)
    }
    return bytes
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#lastWrite.then(work)
    // Whoever made the call hears of its failure; the next one starts from what is stored.
    this.#lastWrite = done.catch(() => undefined)
    return done
  }
}

const CHECKPOINT = 'checkpoint'

const fullPath = (tile: TileId): string => tilePath({ ...tile, width: TILE_WIDTH })

/** As a plain array: what is cut from a Buffer by `slice` would still be shared with it. */
const readIfThere = async (path: string): Promise<Uint8Array | null> => {
  const bytes = await readFile(path).catch(nullIfMissing)
  return bytes === null ? null : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}

const nullIfMissing = (error: NodeJS.ErrnoException): null => {
  if (error.code === 'ENOENT') return null
  throw error
}
