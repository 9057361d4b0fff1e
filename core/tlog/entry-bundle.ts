import { TILE_WIDTH } from '#core/tlog/tile.ts'

/** Entries end to end, each behind its length in two bytes, big-endian (C2SP tlog-tiles). */

const LENGTH_BYTES = 2
const ENTRY_BYTES_MAX = 0xffff

/** Null for more than 256 entries, or one longer than 65,535 bytes. */
export const encodeBundle = (entries: readonly Uint8Array[]): Uint8Array | null => {
  if (entries.length > TILE_WIDTH) return null
  if (entries.some((entry) => entry.length > ENTRY_BYTES_MAX)) return null
  const bytes = entries.reduce((sum, entry) => sum + LENGTH_BYTES + entry.length, 0)
  const bundle = new Uint8Array(bytes)
  const view = new DataView(bundle.buffer)
  let at = 0
  for (const entry of entries) {
    view.setUint16(at, entry.length)
    bundle.set(entry, at + LENGTH_BYTES)
    at += LENGTH_BYTES + entry.length
  }
  return bundle
}

/** The entries, as views, of a bundle that holds exactly `width` of them; otherwise null. */
export const decodeBundle = (bundle: Uint8Array, width: number): readonly Uint8Array[] | null => {
  const found = firstEntries(bundle, width)
  return found !== null && found.end === bundle.length ? found.entries : null
}

/** The first `width` entries of a stored bundle, still encoded, as a view; null when it has
 * fewer. */
export const sliceBundle = (bundle: Uint8Array, width: number): Uint8Array | null => {
  const found = firstEntries(bundle, width)
  return found === null ? null : bundle.subarray(0, found.end)
}

const firstEntries = (
  bundle: Uint8Array,
  width: number,
): { entries: readonly Uint8Array[]; end: number } | null => {
  if (width > TILE_WIDTH) return null
  const view = new DataView(bundle.buffer, bundle.byteOffset, bundle.byteLength)
  const entries: Uint8Array[] = []
  let at = 0
  while (entries.length < width) {
    if (at + LENGTH_BYTES > bundle.length) return null
    const end = at + LENGTH_BYTES + view.getUint16(at)
    if (end > bundle.length) return null
    entries.push(bundle.subarray(at + LENGTH_BYTES, end))
    at = end
  }
  return { entries, end: at }
}
