import { equalBytes } from '#core/bytes.ts'
import type { Sha256 } from '#core/hash.ts'
import { emptyRoot, HASH_BYTES, nodeHash } from '#core/tlog/hash.ts'
import { half, isCount, isOdd, isPowerOfTwo } from '#core/tlog/integer.ts'

/** «The leaf with this hash is number `index` of the tree of `size` leaves with this root.» */
export interface InclusionClaim {
  readonly index: number
  readonly size: number
  readonly leafHash: Uint8Array
  readonly root: Uint8Array
  /** From the leaf's sibling up to the root's child. */
  readonly proof: readonly Uint8Array[]
}

/** «The tree of `newSize` leaves begins with the tree of `oldSize` leaves.» */
export interface ConsistencyClaim {
  readonly oldSize: number
  readonly newSize: number
  readonly oldRoot: Uint8Array
  readonly newRoot: Uint8Array
  readonly proof: readonly Uint8Array[]
}

/** RFC 9162 §2.1.3.2. False for anything that is not proven, malformed values included. */
export const verifyInclusion = (sha256: Sha256, claim: InclusionClaim): boolean => {
  const { index, size, root, proof } = claim
  if (!isCount(index) || !isCount(size) || index >= size) return false
  if (![claim.leafHash, root, ...proof].every(isHash)) return false
  const onLeft = siblingsOnLeft(index, size - 1, proof.length)
  if (onLeft === null) return false
  const reached = proof.reduce(
    (hash, sibling, step) =>
      onLeft[step] ? nodeHash(sha256, sibling, hash) : nodeHash(sha256, hash, sibling),
    claim.leafHash,
  )
  return equalBytes(reached, root)
}

/** RFC 9162 §2.1.4.2. Every tree begins with the empty one, whose proof is empty. */
export const verifyConsistency = (sha256: Sha256, claim: ConsistencyClaim): boolean => {
  const { oldSize, newSize, oldRoot, newRoot, proof } = claim
  if (!isCount(oldSize) || !isCount(newSize) || oldSize > newSize) return false
  if (![oldRoot, newRoot, ...proof].every(isHash)) return false
  if (oldSize === 0 && !equalBytes(oldRoot, emptyRoot(sha256))) return false
  if (oldSize === newSize) return proof.length === 0 && equalBytes(oldRoot, newRoot)
  if (oldSize === 0) return proof.length === 0
  return reachesBothRoots(sha256, claim)
}

const reachesBothRoots = (sha256: Sha256, claim: ConsistencyClaim): boolean => {
  const { oldSize, newSize, oldRoot, newRoot, proof } = claim
  // A perfect old tree is itself the first node, so the proof leaves it out.
  const [first, ...siblings] = isPowerOfTwo(oldSize) ? [oldRoot, ...proof] : proof
  if (first === undefined) return false
  let node = oldSize - 1
  let last = newSize - 1
  while (isOdd(node)) {
    node = half(node)
    last = half(last)
  }
  const onLeft = siblingsOnLeft(node, last, siblings.length)
  if (onLeft === null) return false
  let oldReached = first
  let newReached = first
  for (const [step, sibling] of siblings.entries()) {
    if (onLeft[step]) {
      oldReached = nodeHash(sha256, sibling, oldReached)
      newReached = nodeHash(sha256, sibling, newReached)
    } else {
      newReached = nodeHash(sha256, newReached, sibling)
    }
  }
  return equalBytes(oldReached, oldRoot) && equalBytes(newReached, newRoot)
}

/**
 * Walks up from `node` in a level whose last node is `last`: for each of `count` siblings, whether
 * it stands on the left. Null when the root is not reached by exactly `count` steps.
 */
const siblingsOnLeft = (node: number, last: number, count: number): readonly boolean[] | null => {
  const onLeft: boolean[] = []
  while (onLeft.length < count) {
    if (last === 0) return null
    const isOnLeft = isOdd(node) || node === last
    // The last node of a level without a sibling stands for itself in the levels above.
    while (isOnLeft && !isOdd(node) && node !== 0) {
      node = half(node)
      last = half(last)
    }
    onLeft.push(isOnLeft)
    node = half(node)
    last = half(last)
  }
  return last === 0 ? onLeft : null
}

const isHash = (bytes: Uint8Array): boolean => bytes.length === HASH_BYTES
