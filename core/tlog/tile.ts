import { HASH_BYTES } from '#core/tlog/hash.ts'
import { isCount } from '#core/tlog/integer.ts'

/**
 * Tiles of a log (C2SP tlog-tiles). A hash tile of level L holds up to 256 hashes, each of a
 * perfect subtree of 256^L leaves; an entry bundle holds up to 256 entries. A partial one is the
 * beginning of the full one, so any width can be cut from what a later tree stored.
 */

export const TILE_WIDTH = 256
const LEVEL_MAX = 63
const INDEX_GROUP = 1000

export interface TileId {
  /** 0–63; 0 holds the hashes of leaves. */
  readonly level: number
  readonly index: number
  /** 1–256 hashes; 256 is a full tile. */
  readonly width: number
}

/** Which entries: `index · 256` and on, `width` (1–256) of them. */
export type BundleId = Omit<TileId, 'level'>

/** The bytes of a tile of at least this width (what is beyond it is not used). Null when the log
 * does not hold it; rejects when it cannot say. */
export type ReadTile = (tile: TileId) => Promise<Uint8Array | null>

export const tilePath = ({ level, ...place }: TileId): string => `tile/${level}/${placePath(place)}`

export const bundlePath = (bundle: BundleId): string => `tile/entries/${placePath(bundle)}`

/** Accepts exactly what `tilePath` writes. */
export const parseTilePath = (path: string): TileId | null => {
  const [, level, place] = /^tile\/([0-9]{1,2})\/(.+)$/.exec(path) ?? []
  const parsed = parsePlace(place ?? '')
  if (parsed === null || Number(level) > LEVEL_MAX) return null
  const tile = { level: Number(level), ...parsed }
  return tilePath(tile) === path ? tile : null
}

/** Accepts exactly what `bundlePath` writes. */
export const parseBundlePath = (path: string): BundleId | null => {
  const [, place] = /^tile\/entries\/(.+)$/.exec(path) ?? []
  const bundle = parsePlace(place ?? '')
  return bundle !== null && bundlePath(bundle) === path ? bundle : null
}

/** How many hashes the tile holds in a tree of `size` leaves: 0 (it is not there) to 256. For a
 * bundle, ask for level 0. */
export const tileWidth = (level: number, index: number, size: number): number =>
  Math.min(TILE_WIDTH, Math.max(0, hashesAt(level, size) - index * TILE_WIDTH))

/** The tiles that a tree of `newSize` leaves has and one of `oldSize` has not, or narrower; each
 * once, in its width at `newSize`, from level 0 up and from left to right. */
export function* tilesBetween(oldSize: number, newSize: number): Generator<TileId> {
  for (let level = 0; hashesAt(level, newSize) > 0; level += 1) {
    for (const place of placesBetween(hashesAt(level, oldSize), hashesAt(level, newSize))) {
      yield { level, ...place }
    }
  }
}

/** As `tilesBetween`, of entries. */
export const bundlesBetween = (oldSize: number, newSize: number): Generator<BundleId> =>
  placesBetween(oldSize, newSize)

/** The first `width` hashes of a stored tile, as a view; null when it has fewer. */
export const sliceTile = (hashes: Uint8Array, width: number): Uint8Array | null =>
  hashes.length < width * HASH_BYTES ? null : hashes.subarray(0, width * HASH_BYTES)

/** How many hashes a level has, in full and partial tiles together. */
const hashesAt = (level: number, size: number): number => Math.floor(size / TILE_WIDTH ** level)

function* placesBetween(oldCount: number, newCount: number): Generator<BundleId> {
  if (oldCount >= newCount) return
  for (let index = Math.floor(oldCount / TILE_WIDTH); index * TILE_WIDTH < newCount; index += 1) {
    yield { index, width: tileWidth(0, index, newCount) }
  }
}

const placePath = ({ index, width }: BundleId): string => {
  const groups = [threeDigits(index % INDEX_GROUP)]
  for (let left = Math.floor(index / INDEX_GROUP); left > 0; ) {
    groups.unshift(`x${threeDigits(left % INDEX_GROUP)}`)
    left = Math.floor(left / INDEX_GROUP)
  }
  return groups.join('/') + (width === TILE_WIDTH ? '' : `.p/${width}`)
}

const threeDigits = (value: number): string => String(value).padStart(3, '0')

/** Lenient about leading zeros: the caller compares with the path that it would write. */
const parsePlace = (path: string): BundleId | null => {
  const pattern = /^((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([0-9]{1,3}))?$/
  const [, groups, partial] = pattern.exec(path) ?? []
  if (groups === undefined) return null
  const index = Number(groups.replaceAll(/[x/]/g, ''))
  const width = partial === undefined ? TILE_WIDTH : Number(partial)
  return isCount(index) && width >= 1 && width <= TILE_WIDTH ? { index, width } : null
}
