import type { Sha256 } from '#core/hash.ts'
import { emptyRoot, nodeHash } from '#core/tlog/hash.ts'
import { floorLog2, isCount } from '#core/tlog/integer.ts'

/**
 * Reads the root of the perfect subtree over the leaves `index · 2^level` up to, without,
 * `(index + 1) · 2^level`. Null when the log does not hold it; rejects when it cannot say.
 */
export type ReadNode = (level: number, index: number) => Promise<Uint8Array | null>

/** The leaves from `start` up to, without, `end`. */
interface Range {
  readonly start: number
  readonly end: number
}

/**
 * RFC 9162 §2.1.3.1: what proves that leaf `index` is in the tree of `size` leaves. Null when
 * it is not, or when `readNode` lacks a node.
 */
export const inclusionProof = async (
  sha256: Sha256,
  readNode: ReadNode,
  index: number,
  size: number,
): Promise<readonly Uint8Array[] | null> => {
  if (!isCount(index) || !isCount(size) || index >= size) return null
  return rangeRoots(sha256, readNode, inclusionRanges(index, size))
}

/**
 * RFC 9162 §2.1.4.1: what proves that the tree of `newSize` leaves begins with the one of
 * `oldSize`. Null when `oldSize` is larger, or when `readNode` lacks a node.
 */
export const consistencyProof = async (
  sha256: Sha256,
  readNode: ReadNode,
  oldSize: number,
  newSize: number,
): Promise<readonly Uint8Array[] | null> => {
  if (!isCount(oldSize) || !isCount(newSize) || oldSize > newSize) return null
  return rangeRoots(sha256, readNode, oldSize === 0 ? [] : consistencyRanges(oldSize, newSize))
}

/** The root of the tree of `size` leaves, which may be smaller than the log. */
export const treeRoot = async (
  sha256: Sha256,
  readNode: ReadNode,
  size: number,
): Promise<Uint8Array | null> => {
  if (!isCount(size)) return null
  return size === 0 ? emptyRoot(sha256) : rangeRoot(sha256, readNode, { start: 0, end: size })
}

const inclusionRanges = (index: number, size: number): readonly Range[] => {
  const fromRoot: Range[] = []
  let start = 0
  let end = size
  while (end - start > 1) {
    const middle = splitPoint(start, end)
    if (index < middle) {
      fromRoot.push({ start: middle, end })
      end = middle
    } else {
      fromRoot.push({ start, end: middle })
      start = middle
    }
  }
  return fromRoot.reverse()
}

const consistencyRanges = (oldSize: number, newSize: number): readonly Range[] => {
  const fromRoot: Range[] = []
  let start = 0
  let end = newSize
  while (end !== oldSize) {
    const middle = splitPoint(start, end)
    if (oldSize <= middle) {
      fromRoot.push({ start: middle, end })
      end = middle
    } else {
      fromRoot.push({ start, end: middle })
      start = middle
    }
  }
  // From 0 on it would be the old root itself, which the verifier has.
  if (start > 0) fromRoot.push({ start, end })
  return fromRoot.reverse()
}

/** Where RFC 9162 divides a range: after the largest power of two that is smaller than it. */
const splitPoint = (start: number, end: number): number => start + 2 ** floorLog2(end - start - 1)

const rangeRoots = async (
  sha256: Sha256,
  readNode: ReadNode,
  ranges: readonly Range[],
): Promise<readonly Uint8Array[] | null> =>
  allOrNull(await Promise.all(ranges.map((range) => rangeRoot(sha256, readNode, range))))

const rangeRoot = async (
  sha256: Sha256,
  readNode: ReadNode,
  range: Range,
): Promise<Uint8Array | null> => {
  const subtrees = perfectSubtrees(range)
  const roots = allOrNull(
    await Promise.all(subtrees.map(({ level, index }) => readNode(level, index))),
  )
  return roots?.reduceRight((right, left) => nodeHash(sha256, left, right)) ?? null
}

/** The fewest perfect subtrees that cover a range, the largest and leftmost first. */
const perfectSubtrees = ({ start, end }: Range): readonly { level: number; index: number }[] => {
  const subtrees: { level: number; index: number }[] = []
  for (let at = start; at < end; ) {
    const level = floorLog2(end - at)
    subtrees.push({ level, index: at / 2 ** level })
    at += 2 ** level
  }
  return subtrees
}

const allOrNull = (values: readonly (Uint8Array | null)[]): readonly Uint8Array[] | null => {
  const present = values.filter((value) => value !== null)
  return present.length === values.length ? present : null
}
