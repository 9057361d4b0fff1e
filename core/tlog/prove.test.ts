import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { hex } from '#core/bytes.ts'
import { leafHash, nodeHash } from '#core/tlog/hash.ts'
import { verifyConsistency, verifyInclusion } from '#core/tlog/proof.ts'
import { consistencyProof, inclusionProof, type ReadNode, treeRoot } from '#core/tlog/prove.ts'
import { readVectors, sha256, vectorEntry } from '#tests/tlog-vectors.ts'

const LEAVES = 1030
const hashes = Array.from({ length: LEAVES }, (_, index) => leafHash(sha256, vectorEntry(index)))

/** Straight from the definition: RFC 9162 §2.1.1. */
const definedRoot = (leaves: readonly Uint8Array[]): Uint8Array => {
  const [first] = leaves
  if (first === undefined) return sha256(new Uint8Array(0))
  if (leaves.length === 1) return first
  let k = 1
  while (k * 2 < leaves.length) k *= 2
  return nodeHash(sha256, definedRoot(leaves.slice(0, k)), definedRoot(leaves.slice(k)))
}

const readNode: ReadNode = async (level, index) => {
  const end = (index + 1) * 2 ** level
  return end > LEAVES ? null : definedRoot(hashes.slice(index * 2 ** level, end))
}

const proven = <Value>(value: Value | null): Value => {
  if (value === null) throw new Error('The log lacks a node')
  return value
}

const flip = (bytes: Uint8Array, bit: number): Uint8Array => {
  const flipped = new Uint8Array(bytes)
  const at = Math.floor(bit / 8) % bytes.length
  flipped[at] = (flipped[at] ?? 0) ^ (1 << (bit % 8))
  return flipped
}

const flipOneOf = (list: readonly Uint8Array[], which: number, bit: number): Uint8Array[] =>
  list.map((bytes, index) => (index === which % list.length ? flip(bytes, bit) : bytes))

describe('the independent trees', () => {
  const trees = readVectors<{
    readonly roots_by_size: readonly string[]
    readonly inclusion: readonly { Index: number; Size: number; Proof: string[] | null }[]
    readonly consistency: readonly { Old: number; New: number; Proof: string[] | null }[]
  }>('trees.json')

  it('have our roots at every size', async () => {
    const sizes = [...trees.roots_by_size.keys()]
    expect(sizes).toHaveLength(LEAVES + 1)
    const roots = await Promise.all(sizes.map((size) => treeRoot(sha256, readNode, size)))
    expect(roots.map((root) => hex(proven(root)))).toEqual(trees.roots_by_size)
  })

  it('have our inclusion proofs', async () => {
    for (const { Index, Size, Proof } of trees.inclusion) {
      const proof = proven(await inclusionProof(sha256, readNode, Index, Size))
      expect(proof.map(hex), `${Index} of ${Size}`).toEqual(Proof ?? [])
    }
  })

  it('have our consistency proofs', async () => {
    for (const { Old, New, Proof } of trees.consistency) {
      const proof = proven(await consistencyProof(sha256, readNode, Old, New))
      expect(proof.map(hex), `${Old} to ${New}`).toEqual(Proof ?? [])
    }
  })
})

describe('a proof', () => {
  const someSize = fc.integer({ min: 1, max: LEAVES })
  const bit = fc.nat({ max: 255 })

  it('of any leaf in any tree verifies, and no longer after any bit of it is flipped', async () => {
    await fc.assert(
      fc.asyncProperty(someSize, fc.nat(), fc.nat(), bit, async (size, seed, which, at) => {
        const index = seed % size
        const leaf = hashes[index] ?? new Uint8Array(0)
        const root = proven(await treeRoot(sha256, readNode, size))
        const proof = proven(await inclusionProof(sha256, readNode, index, size))
        const claim = { index, size, leafHash: leaf, root, proof }
        expect(verifyInclusion(sha256, claim)).toBe(true)
        const wrong = [
          { ...claim, leafHash: flip(leaf, at) },
          { ...claim, root: flip(root, at) },
          { ...claim, index: (index + 1) % (size + 1) },
          { ...claim, proof: [...proof, root] },
          ...(proof.length > 0
            ? [
                { ...claim, proof: flipOneOf(proof, which, at) },
                { ...claim, proof: proof.slice(1) },
              ]
            : []),
        ]
        for (const one of wrong) expect(verifyInclusion(sha256, one)).toBe(false)
      }),
      { numRuns: 60 },
    )
  })

  it('between any two trees verifies, and no longer after any bit of it is flipped', async () => {
    await fc.assert(
      fc.asyncProperty(someSize, fc.nat(), fc.nat(), bit, async (newSize, seed, which, at) => {
        const oldSize = seed % (newSize + 1)
        const oldRoot = proven(await treeRoot(sha256, readNode, oldSize))
        const newRoot = proven(await treeRoot(sha256, readNode, newSize))
        const proof = proven(await consistencyProof(sha256, readNode, oldSize, newSize))
        const claim = { oldSize, newSize, oldRoot, newRoot, proof }
        expect(verifyConsistency(sha256, claim)).toBe(true)
        const wrong = [
          { ...claim, oldRoot: flip(oldRoot, at) },
          { ...claim, proof: [...proof, newRoot] },
          ...(oldSize > 0 ? [{ ...claim, newRoot: flip(newRoot, at) }] : []),
          ...(proof.length > 0
            ? [
                { ...claim, proof: flipOneOf(proof, which, at) },
                { ...claim, proof: proof.slice(1) },
              ]
            : []),
        ]
        for (const one of wrong) expect(verifyConsistency(sha256, one)).toBe(false)
      }),
      { numRuns: 60 },
    )
  })

  it('is not given for a leaf beyond the tree, or an old tree larger than the new', async () => {
    expect(await inclusionProof(sha256, readNode, 5, 5)).toBe(null)
    expect(await inclusionProof(sha256, readNode, -1, 5)).toBe(null)
    expect(await inclusionProof(sha256, readNode, 0.5, 5)).toBe(null)
    expect(await consistencyProof(sha256, readNode, 6, 5)).toBe(null)
    expect(await consistencyProof(sha256, readNode, -1, 5)).toBe(null)
    expect(await treeRoot(sha256, readNode, -1)).toBe(null)
  })

  it('is not given when the log lacks a node', async () => {
    expect(await inclusionProof(sha256, readNode, 0, LEAVES + 1)).toBe(null)
    expect(await consistencyProof(sha256, readNode, 5, LEAVES + 1)).toBe(null)
    expect(await treeRoot(sha256, readNode, LEAVES + 1)).toBe(null)
  })
})

/** A tree in which all leaves are equal but one: the only kind of this size that fits anywhere. */
const hugeTree = (marked: number): { readNode: ReadNode; leaf: Uint8Array } => {
  const leaf = leafHash(sha256, vectorEntry(1))
  const uniform = [leafHash(sha256, vectorEntry(0))]
  const path = [leaf]
  for (let level = 0; level < 53; level += 1) {
    const [same, own] = [uniform[level] ?? leaf, path[level] ?? leaf]
    uniform.push(nodeHash(sha256, same, same))
    const isLeft = Math.floor(marked / 2 ** level) % 2 === 0
    path.push(isLeft ? nodeHash(sha256, own, same) : nodeHash(sha256, same, own))
  }
  const isOnPath = (level: number, index: number) => index === Math.floor(marked / 2 ** level)
  return {
    leaf,
    readNode: async (level, index) =>
      (isOnPath(level, index) ? path[level] : uniform[level]) ?? null,
  }
}

describe.each([
  [2 ** 31 - 1, 2 ** 31],
  [2 ** 31, 2 ** 31 + 1],
  [2 ** 31 + 5, 2 ** 32 + 7],
  [2 ** 32 + 1, 2 ** 33 + 3],
  [2 ** 40 + 2 ** 31 + 12_345, 2 ** 52 + 2 ** 31 + 1],
  [2 ** 53 - 2, 2 ** 53 - 1],
])('with indexes that no 32-bit operator can hold: leaf %i of %i', (index, size) => {
  const tree = hugeTree(index)
  let root: Uint8Array
  beforeAll(async () => {
    root = proven(await treeRoot(sha256, tree.readNode, size))
  })

  it('inclusion holds at this index and at none of those that look alike in 32 bits', async () => {
    const proof = proven(await inclusionProof(sha256, tree.readNode, index, size))
    const claim = { index, size, leafHash: tree.leaf, root, proof }
    expect(verifyInclusion(sha256, claim)).toBe(true)
    const alike = [index % 2 ** 32, index % 2 ** 31, index + 2 ** 32, index - 2 ** 32, index >> 0]
    for (const other of alike.filter((one) => one !== index)) {
      expect(verifyInclusion(sha256, { ...claim, index: other }), `at ${other}`).toBe(false)
    }
  })

  it.each([index, index + 1, Math.floor(index / 3), 2 ** 31, 12_345])(
    'consistency holds from size %i',
    async (oldSize) => {
      const oldRoot = proven(await treeRoot(sha256, tree.readNode, oldSize))
      const proof = proven(await consistencyProof(sha256, tree.readNode, oldSize, size))
      const claim = { oldSize, newSize: size, oldRoot, newRoot: root, proof }
      expect(verifyConsistency(sha256, claim)).toBe(true)
      const wrong = leafHash(sha256, vectorEntry(2))
      expect(verifyConsistency(sha256, { ...claim, oldRoot: wrong })).toBe(false)
      expect(verifyConsistency(sha256, { ...claim, newRoot: wrong })).toBe(false)
    },
  )
})
