import { describe, expect, it } from 'vitest'
import { hex } from '#core/bytes.ts'
import { emptyRoot, leafHash, nodeHash } from '#core/tlog/hash.ts'
import {
  type ConsistencyClaim,
  type InclusionClaim,
  verifyConsistency,
  verifyInclusion,
} from '#core/tlog/proof.ts'
import { bytesOf, readVectors, sha256, vectorEntry } from '#tests/tlog-vectors.ts'

interface Inclusion {
  readonly Index: number
  readonly Size: number
  readonly LeafHash: string
  readonly Root: string
  readonly Proof: readonly string[] | null
}

interface Consistency {
  readonly Old: number
  readonly New: number
  readonly OldRoot: string
  readonly NewRoot: string
  readonly Proof: readonly string[] | null
}

interface Positives {
  readonly inclusion: readonly Inclusion[]
  readonly consistency: readonly Consistency[]
}

interface Negative {
  readonly Kind: string
  readonly Why: string
  readonly Incl?: Inclusion
  readonly Cons?: Consistency
}

const inclusionClaim = (vector: Inclusion): InclusionClaim => ({
  index: vector.Index,
  size: vector.Size,
  leafHash: bytesOf(vector.LeafHash),
  root: bytesOf(vector.Root),
  proof: (vector.Proof ?? []).map(bytesOf),
})

const consistencyClaim = (vector: Consistency): ConsistencyClaim => ({
  oldSize: vector.Old,
  newSize: vector.New,
  oldRoot: bytesOf(vector.OldRoot),
  newRoot: bytesOf(vector.NewRoot),
  proof: (vector.Proof ?? []).map(bytesOf),
})

const rfc6962 = readVectors<
  Positives & { readonly leaf_inputs_hex: string[]; readonly leaf_hashes: string[] }
>('rfc6962.json')
const trees = readVectors<Positives>('trees.json')
const negatives = readVectors<readonly Negative[]>('negative_proofs.json')

describe('leaf hashes', () => {
  it('are those of the eight well-known leaves', () => {
    const hashes = rfc6962.leaf_inputs_hex.map((entry) => hex(leafHash(sha256, bytesOf(entry))))
    expect(hashes).toHaveLength(8)
    expect(hashes).toEqual(rfc6962.leaf_hashes)
  })
})

describe('independent proofs', () => {
  const inclusion = [...rfc6962.inclusion, ...trees.inclusion]
  const consistency = [...rfc6962.consistency, ...trees.consistency]

  it('are all here', () => {
    expect(inclusion.length + consistency.length).toBe(416)
    expect(negatives).toHaveLength(168)
  })

  it('of inclusion are accepted', () => {
    const refused = inclusion.filter((one) => !verifyInclusion(sha256, inclusionClaim(one)))
    expect(refused).toEqual([])
  })

  it('of consistency are accepted', () => {
    const refused = consistency.filter((one) => !verifyConsistency(sha256, consistencyClaim(one)))
    expect(refused).toEqual([])
  })

  it.each([...new Set(negatives.map(({ Kind, Why }) => `${Kind}: ${Why}`))])(
    'are refused for %s',
    (reason) => {
      const accepted = negatives
        .filter(({ Kind, Why }) => `${Kind}: ${Why}` === reason)
        .filter(({ Incl, Cons }) =>
          Incl === undefined
            ? Cons === undefined || verifyConsistency(sha256, consistencyClaim(Cons))
            : verifyInclusion(sha256, inclusionClaim(Incl)),
        )
      expect(accepted).toEqual([])
    },
  )
})

describe('a malformed claim', () => {
  const leaf = leafHash(sha256, vectorEntry(0))
  const inclusion: InclusionClaim = { index: 0, size: 1, leafHash: leaf, root: leaf, proof: [] }
  const consistency: ConsistencyClaim = {
    oldSize: 1,
    newSize: 1,
    oldRoot: leaf,
    newRoot: leaf,
    proof: [],
  }
  const empty = emptyRoot(sha256)

  it('is refused although the like of it is true', () => {
    expect(verifyInclusion(sha256, inclusion)).toBe(true)
    expect(verifyConsistency(sha256, consistency)).toBe(true)
  })

  it.each<Partial<InclusionClaim>>([
    { index: -1 },
    { index: 0.5 },
    { index: Number.NaN },
    { size: 0 },
    { size: 2 ** 53 },
    { size: Number.POSITIVE_INFINITY },
    { leafHash: leaf.subarray(1), root: leaf.subarray(1) },
    { proof: [leaf] },
  ])('of inclusion: %o', (change) => {
    expect(verifyInclusion(sha256, { ...inclusion, ...change })).toBe(false)
  })

  it.each<Partial<ConsistencyClaim>>([
    { oldSize: -1 },
    { oldSize: 0.5, newSize: 0.5 },
    { oldSize: 2 },
    { oldSize: 2 ** 53, newSize: 2 ** 53 },
    { oldRoot: leaf.subarray(1), newRoot: leaf.subarray(1) },
    { proof: [leaf] },
    { newSize: 2 },
    { oldSize: 3, newSize: 5 },
    { oldSize: 0 },
    { oldSize: 0, oldRoot: empty, proof: [leaf] },
    { oldSize: 0, newSize: 0, oldRoot: empty },
    { oldSize: 0, newSize: 0 },
  ])('of consistency: %o', (change) => {
    expect(verifyConsistency(sha256, { ...consistency, ...change })).toBe(false)
  })

  it('is refused under a size that the proof does not fit, although it leads to the root', () => {
    const [left, right] = [leafHash(sha256, vectorEntry(0)), leafHash(sha256, vectorEntry(1))]
    const root = nodeHash(sha256, left, right)
    const claim = { index: 0, size: 2, leafHash: left, root, proof: [right] }
    expect(verifyInclusion(sha256, claim)).toBe(true)
    expect(verifyInclusion(sha256, { ...claim, size: 3 })).toBe(false)
    expect(verifyInclusion(sha256, { ...claim, size: 4 })).toBe(false)
    const tooSmall = { index: 0, size: 1, leafHash: right, proof: [left] }
    expect(verifyInclusion(sha256, { ...claim, ...tooSmall })).toBe(false)
    const growth = { oldSize: 1, newSize: 2, oldRoot: left, newRoot: root, proof: [right] }
    expect(verifyConsistency(sha256, growth)).toBe(true)
    expect(verifyConsistency(sha256, { ...growth, newSize: 3 })).toBe(false)
    expect(verifyConsistency(sha256, { ...growth, newSize: 4 })).toBe(false)
    expect(verifyConsistency(sha256, { ...growth, newRoot: left, proof: [] })).toBe(false)
  })

  it('hides no inner node behind hashes of other lengths', () => {
    const [left, right] = [leafHash(sha256, vectorEntry(0)), leafHash(sha256, vectorEntry(1))]
    const both = Buffer.concat([left, right])
    const root = sha256(Buffer.concat([Uint8Array.of(1), both]))
    const halves = { leafHash: both.subarray(0, 40), proof: [both.subarray(40)] }
    expect(verifyInclusion(sha256, { index: 0, size: 2, root, ...halves })).toBe(false)
  })
})
