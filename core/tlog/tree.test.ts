import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { base64, hex } from '#core/bytes.ts'
import { encodeBundle } from '#core/tlog/entry-bundle.ts'
import { leafHash } from '#core/tlog/hash.ts'
import {
  bundlePath,
  bundlesBetween,
  type ReadTile,
  tilePath,
  tilesBetween,
} from '#core/tlog/tile.ts'
import {
  appendLeaves,
  EMPTY_EDGE,
  edgeFromTiles,
  edgeRoot,
  type TreeEdge,
} from '#core/tlog/tree.ts'
import { readVectors, sha256, vectorEntry } from '#tests/tlog-vectors.ts'

const LEAVES = 70_000
const hashes = Array.from({ length: LEAVES }, (_, index) => leafHash(sha256, vectorEntry(index)))

/** Keeps of each tile the latest, as a store does. */
class TileStore {
  readonly tiles = new Map<string, Uint8Array>()

  append(edge: TreeEdge, leafHashes: readonly Uint8Array[]): TreeEdge {
    const appended = appendLeaves(sha256, edge, leafHashes)
    for (const tile of appended.tiles) {
      expect(tile.hashes).toHaveLength(tile.width * 32)
      this.tiles.set(`${tile.level}/${tile.index}`, tile.hashes)
    }
    return appended.edge
  }

  readonly read: ReadTile = async ({ level, index }) => this.tiles.get(`${level}/${index}`) ?? null
}

const atOnce = (size: number): TreeEdge =>
  appendLeaves(sha256, EMPTY_EDGE, hashes.slice(0, size)).edge

const partialsOf = (edge: TreeEdge) => edge.partials.map(hex)

describe('a tree of 70,000 leaves, appended in unequal batches', () => {
  const vectors = readVectors<{
    readonly root_hex: string
    readonly root_b64: string
    readonly tiles: readonly { Path: string; Sha256: string; Bytes: number }[]
  }>('tiles70000.json')
  const store = new TileStore()
  let edge = EMPTY_EDGE

  beforeAll(() => {
    const batches = [0, 1, 254, 1, 1, 255, 256, 257, 511, 3000, 9999]
    for (let nth = 0; edge.size < LEAVES; nth += 1) {
      const batch = batches[nth % batches.length] ?? 1
      edge = store.append(edge, hashes.slice(edge.size, edge.size + batch))
    }
  })

  it('has the independent root', () => {
    expect(edge.size).toBe(LEAVES)
    expect(hex(edgeRoot(sha256, edge))).toBe(vectors.root_hex)
    expect(base64(edgeRoot(sha256, edge))).toBe(vectors.root_b64)
  })

  it('has the independent 551 tiles and bundles, byte for byte', () => {
    const served = new Map<string, Uint8Array | null>()
    for (const tile of tilesBetween(0, LEAVES)) {
      served.set(tilePath(tile), store.tiles.get(`${tile.level}/${tile.index}`) ?? null)
    }
    for (const bundle of bundlesBetween(0, LEAVES)) {
      const entries = Array.from({ length: bundle.width }, (_, nth) =>
        vectorEntry(bundle.index * 256 + nth),
      )
      served.set(bundlePath(bundle), encodeBundle(entries))
    }
    expect(vectors.tiles).toHaveLength(551)
    expect(served.size).toBe(551)
    for (const { Path, Sha256, Bytes } of vectors.tiles) {
      const bytes = served.get(Path) ?? new Uint8Array(0)
      expect([Path, bytes.length, hex(sha256(bytes))]).toEqual([Path, Bytes, Sha256])
    }
  })
})

describe('a tree', () => {
  const someSize = fc.nat({ max: LEAVES })

  it('has the independent root at every size', () => {
    const { roots_by_size: roots } = readVectors<{ roots_by_size: string[] }>('trees.json')
    let edge = EMPTY_EDGE
    for (const [size, root] of roots.entries()) {
      expect(edge.size).toBe(size)
      expect(hex(edgeRoot(sha256, edge))).toBe(root)
      edge = appendLeaves(sha256, edge, hashes.slice(size, size + 1)).edge
    }
  })

  it('announces exactly the tiles that became longer', () => {
    fc.assert(
      fc.property(someSize, someSize, (a, b) => {
        const [oldSize, newSize] = a < b ? [a, b] : [b, a]
        const { tiles } = appendLeaves(sha256, atOnce(oldSize), hashes.slice(oldSize, newSize))
        const ids = tiles.map(({ level, index, width }) => ({ level, index, width }))
        expect(ids).toEqual([...tilesBetween(oldSize, newSize)])
      }),
      { numRuns: 15 },
    )
  })

  it('restored from the tiles of any size and continued equals the tree built at once', async () => {
    const store = new TileStore()
    store.append(EMPTY_EDGE, hashes)
    await fc.assert(
      fc.asyncProperty(someSize, someSize, async (a, b) => {
        const [size, end] = a < b ? [a, b] : [b, a]
        // The store already holds the wider tiles of a later tree.
        const restored = await edgeFromTiles(size, store.read)
        if (restored === null) throw new Error('A tile is missing')
        expect(partialsOf(restored)).toEqual(partialsOf(atOnce(size)))
        const continued = appendLeaves(sha256, restored, hashes.slice(size, end)).edge
        expect(continued.size).toBe(end)
        expect(partialsOf(continued)).toEqual(partialsOf(atOnce(end)))
        expect(hex(edgeRoot(sha256, continued))).toBe(hex(edgeRoot(sha256, atOnce(end))))
      }),
      {
        numRuns: 15,
        examples: [
          [0, 1],
          [255, 256],
          [256, 257],
          [65_535, 65_537],
          [65_536, 70_000],
        ],
      },
    )
  })

  it('is not restored when a tile is missing or too short, or the size is none', async () => {
    const store = new TileStore()
    store.append(EMPTY_EDGE, hashes.slice(0, 300))
    expect(await edgeFromTiles(300, store.read)).not.toBe(null)
    expect(await edgeFromTiles(301, store.read)).toBe(null)
    store.tiles.delete('1/0')
    expect(await edgeFromTiles(300, store.read)).toBe(null)
    expect(await edgeFromTiles(-1, store.read)).toBe(null)
    expect(await edgeFromTiles(2 ** 53, store.read)).toBe(null)
  })

  it('leaves the edge it was appended to as it was, so a failed write can be repeated', () => {
    const before = atOnce(300)
    const kept = partialsOf(before)
    const first = appendLeaves(sha256, before, hashes.slice(300, 900))
    expect(partialsOf(before)).toEqual(kept)
    const second = appendLeaves(sha256, before, hashes.slice(300, 900))
    expect(partialsOf(second.edge)).toEqual(partialsOf(first.edge))
    expect(hex(edgeRoot(sha256, second.edge))).toBe(hex(edgeRoot(sha256, atOnce(900))))
  })

  it('does not write into the tiles that a store hands it as Node buffers', async () => {
    const stored = Buffer.concat(hashes.slice(0, 255))
    const kept = hex(stored)
    const edge = await edgeFromTiles(255, async () => stored)
    expect(edge && hex(edgeRoot(sha256, edge))).toBe(hex(edgeRoot(sha256, atOnce(255))))
    expect(
      edge && hex(appendLeaves(sha256, edge, hashes.slice(255, 300)).edge.partials[0] ?? stored),
    ).toBe(hex(Buffer.concat(hashes.slice(256, 300))))
    expect(hex(stored)).toBe(kept)
  })

  it('takes the tiles of a size that 32 bits cannot hold', async () => {
    const size = 2 ** 40 + 2 ** 31 + 257
    const tiles: string[] = []
    const edge = await edgeFromTiles(size, async (tile) => {
      tiles.push(tilePath(tile))
      return Buffer.concat(hashes.slice(0, tile.width))
    })
    expect(tiles).toEqual([
      'tile/0/x004/x303/x355/905.p/1',
      'tile/1/x016/x809/984.p/1',
      'tile/3/256.p/128',
      'tile/5/000.p/1',
    ])
    const next = edge && appendLeaves(sha256, edge, hashes.slice(0, 255))
    expect(next?.edge.size).toBe(size + 255)
    expect(next?.tiles.map(tilePath)).toEqual([...tilesBetween(size, size + 255)].map(tilePath))
  })

  it('refuses what is no leaf hash, and more leaves than a number can count', () => {
    expect(() => appendLeaves(sha256, EMPTY_EDGE, [new Uint8Array(31)])).toThrow('32 bytes')
    const full = { size: 2 ** 53 - 1, partials: [] }
    expect(() => appendLeaves(sha256, full, hashes.slice(0, 1))).toThrow('2^53')
  })
})
