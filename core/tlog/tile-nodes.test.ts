import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { leafHash } from '#core/tlog/hash.ts'
import { verifyConsistency, verifyInclusion } from '#core/tlog/proof.ts'
import { consistencyProof, inclusionProof, treeRoot } from '#core/tlog/prove.ts'
import { type ReadTile, tilePath } from '#core/tlog/tile.ts'
import { tileNodes } from '#core/tlog/tile-nodes.ts'
import { appendLeaves, EMPTY_EDGE } from '#core/tlog/tree.ts'
import { sha256, vectorEntry } from '#tests/tlog-vectors.ts'

const LEAVES = 70_000
const hashes = Array.from({ length: LEAVES }, (_, index) => leafHash(sha256, vectorEntry(index)))
const tiles = new Map(
  appendLeaves(sha256, EMPTY_EDGE, hashes).tiles.map(({ level, index, hashes: bytes }) => [
    `${level}/${index}`,
    bytes,
  ]),
)
const readTile: ReadTile = async ({ level, index }) => tiles.get(`${level}/${index}`) ?? null
const nothing = new Uint8Array(0)

describe('nodes read from tiles', () => {
  const someSize = fc.integer({ min: 1, max: LEAVES })

  it('prove any leaf in the tree of any size', async () => {
    await fc.assert(
      fc.asyncProperty(someSize, fc.nat(), async (size, seed) => {
        const index = seed % size
        const nodes = tileNodes(sha256, size, readTile)
        const proof = (await inclusionProof(sha256, nodes, index, size)) ?? [nothing]
        const root = (await treeRoot(sha256, nodes, size)) ?? nothing
        const claim = { index, size, leafHash: hashes[index] ?? nothing, root, proof }
        expect(verifyInclusion(sha256, claim)).toBe(true)
      }),
    )
  })

  it('prove that any tree begins with any smaller one', async () => {
    await fc.assert(
      fc.asyncProperty(someSize, fc.nat(), async (newSize, seed) => {
        const oldSize = seed % (newSize + 1)
        const nodes = tileNodes(sha256, newSize, readTile)
        const proof = (await consistencyProof(sha256, nodes, oldSize, newSize)) ?? [nothing]
        const oldRoot = (await treeRoot(sha256, nodes, oldSize)) ?? nothing
        const newRoot = (await treeRoot(sha256, nodes, newSize)) ?? nothing
        const claim = { oldSize, newSize, oldRoot, newRoot, proof }
        expect(verifyConsistency(sha256, claim)).toBe(true)
      }),
    )
  })

  it('come from few tiles, each read once, in the width that the size has', async () => {
    const read: string[] = []
    const nodes = tileNodes(sha256, LEAVES, (tile) => {
      read.push(tilePath(tile))
      return readTile(tile)
    })
    await inclusionProof(sha256, nodes, 5, LEAVES)
    expect(read.toSorted()).toEqual([
      'tile/0/000',
      'tile/0/273.p/112',
      'tile/1/000',
      'tile/1/001.p/17',
    ])
  })

  it('are null where a tile is missing or shorter than the size says', async () => {
    const short: ReadTile = async (tile) =>
      (await readTile(tile))?.subarray(0, tile.width * 32 - 1) ?? null
    const none: ReadTile = async () => null
    for (const read of [short, none]) {
      const nodes = tileNodes(sha256, 1000, read)
      expect(await nodes(0, 999)).toBe(null)
      expect(await inclusionProof(sha256, nodes, 500, 1000)).toBe(null)
    }
  })

  it('are null beyond the size, although the store holds more', async () => {
    const nodes = tileNodes(sha256, 1000, readTile)
    expect(await nodes(0, 1000)).toBe(null)
    expect(await nodes(0, 2000)).toBe(null)
    expect(await nodes(4, 62)).toBe(null)
    expect(await nodes(4, 61)).toHaveLength(32)
    expect(await nodes(9, 1)).toBe(null)
  })

  it('reject when the store cannot say', async () => {
    const nodes = tileNodes(sha256, 1000, async () => {
      throw new Error('The store is away')
    })
    await expect(inclusionProof(sha256, nodes, 5, 1000)).rejects.toThrow('away')
  })
})
