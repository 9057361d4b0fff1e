import { HubMisbehaved } from '#clients/sdk/errors.ts'
import type { ForkEvidence } from '#clients/sdk/log-errors.ts'
import { equalBytes } from '#core/bytes.ts'
import type { Sha256 } from '#core/hash.ts'
import type { Checkpoint } from '#core/tlog/checkpoint.ts'
import { verifyConsistency, verifyInclusion } from '#core/tlog/proof.ts'
import { consistencyProof, inclusionProof, type ReadNode, treeRoot } from '#core/tlog/prove.ts'

type Tree = Pick<Checkpoint, 'size' | 'root'>

export type Comparison =
  | { readonly state: 'consistent' }
  | { readonly state: 'forked'; readonly proof: ForkEvidence['proof'] }
  /** There are no tiles to tell. */
  | { readonly state: 'tiles-missing' }

/**
 * Whether `larger` begins with `smaller`; both were signed. `readNode` reads the larger tree and is
 * not trusted: throws `HubMisbehaved` (`tiles-wrong`) when what it gives is not that tree, so that
 * bad tiles alone never accuse a log.
 */
export const compareTrees = async (
  sha256: Sha256,
  smaller: Tree,
  larger: Tree,
  readNode: ReadNode,
): Promise<Comparison> => {
  if (smaller.size === larger.size) {
    const isSame = equalBytes(smaller.root, larger.root)
    return isSame ? { state: 'consistent' } : { state: 'forked', proof: null }
  }
  const root = await treeRoot(sha256, readNode, smaller.size)
  const hashes = await consistencyProof(sha256, readNode, smaller.size, larger.size)
  if (root === null || hashes === null) return { state: 'tiles-missing' }
  const claim = { oldSize: smaller.size, newSize: larger.size, newRoot: larger.root, proof: hashes }
  if (!verifyConsistency(sha256, { ...claim, oldRoot: root })) {
    throw new HubMisbehaved('tiles-wrong', `of size ${larger.size}`)
  }
  const isSame = equalBytes(root, smaller.root)
  return isSame ? { state: 'consistent' } : { state: 'forked', proof: { root, hashes } }
}

export type LeafComparison =
  | { readonly state: 'included'; readonly proof: readonly Uint8Array[] }
  /** Proven: the tree has another leaf there. */
  | { readonly state: 'other-leaf' }

/**
 * Whether leaf `index` of the signed `tree` has this hash. Throws `HubMisbehaved` (`tiles-missing`,
 * `tiles-wrong`) when `readNode` does not give that tree.
 */
export const compareLeaf = async (
  sha256: Sha256,
  tree: Tree,
  leaf: { readonly index: number; readonly leafHash: Uint8Array },
  readNode: ReadNode,
): Promise<LeafComparison> => {
  const { index } = leaf
  const { size, root } = tree
  const found = await readNode(0, index)
  const proof = await inclusionProof(sha256, readNode, index, size)
  if (found === null || proof === null) {
    throw new HubMisbehaved('tiles-missing', `of leaf ${index} at size ${size}`)
  }
  if (!verifyInclusion(sha256, { index, size, leafHash: found, root, proof })) {
    throw new HubMisbehaved('tiles-wrong', `of leaf ${index} at size ${size}`)
  }
  return equalBytes(found, leaf.leafHash) ? { state: 'included', proof } : { state: 'other-leaf' }
}
