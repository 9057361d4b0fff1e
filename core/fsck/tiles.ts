import { equalBytes } from '#core/bytes.ts'
import type { FsckFindings } from '#core/fsck/findings.ts'
import type { Sha256 } from '#core/hash.ts'
import { TileDamaged, type TileStore } from '#core/ports/tile-store.ts'
import { HASH_BYTES, perfectRoot } from '#core/tlog/hash.ts'
import { TILE_WIDTH, type TileId, tilePath } from '#core/tlog/tile.ts'
import type { Tile, TreeEdge } from '#core/tlog/tree.ts'

interface TilesDeps {
  readonly tiles: TileStore
  readonly sha256: Sha256
}

/** Whether a tile is full, and in the tree of `size` leaves: no later tree changes it. */
export const isFullAt = (size: number, { level, index, width }: TileId): boolean =>
  width === TILE_WIDTH && (index + 1) * TILE_WIDTH ** (level + 1) <= size

/** The tiles at the right edge, which are not full. */
export const edgeTiles = ({ size, partials }: TreeEdge): readonly Tile[] =>
  partials.flatMap((hashes, level) => {
    const width = hashes.length / HASH_BYTES
    const index = Math.floor(size / TILE_WIDTH ** (level + 1))
    return width === 0 ? [] : [{ level, index, width, hashes }]
  })

/** Names the first place where what is stored is not `right`, which the entries make. */
export const checkTile = async (
  deps: TilesDeps,
  right: Tile,
  findings: FsckFindings,
): Promise<void> => {
  const path = tilePath(right)
  const stored = await readTile(deps, right)
  if (!(stored instanceof Uint8Array)) return findings.problem(`${path}: ${stored}`)
  for (let position = 0; position < right.width; position += 1) {
    const found = hashAt(stored, position)
    if (equalBytes(found, hashAt(right.hashes, position))) continue
    const nth = right.index * TILE_WIDTH + position
    if (right.level === 0) {
      const what = `its hash is not the one in ${path}, position ${position}`
      return findings.problem(`access entry ${nth}: ${what}`)
    }
    const child = { level: right.level - 1, index: nth, width: TILE_WIDTH }
    const below = await readTile(deps, child)
    // It agrees with the tile below it: what is wrong lies there, or in the entries.
    if (below instanceof Uint8Array && equalBytes(found, perfectRoot(deps.sha256, below))) continue
    return findings.problem(`${path}, position ${position}: not the hash of ${tilePath(child)}`)
  }
}

/** The hashes, or why there are none. */
const readTile = async ({ tiles }: TilesDeps, tile: TileId): Promise<Uint8Array | string> => {
  try {
    return (await tiles.read(tile)) ?? 'missing'
  } catch (error) {
    if (error instanceof TileDamaged) return `damaged (${error.message})`
    throw error
  }
}

const hashAt = (hashes: Uint8Array, position: number): Uint8Array =>
  hashes.subarray(position * HASH_BYTES, (position + 1) * HASH_BYTES)
