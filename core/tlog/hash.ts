import type { Sha256 } from '#core/hash.ts'

/** The hashes of a Merkle tree: RFC 6962 §2.1, RFC 9162 §2.1.1. */

export const HASH_BYTES = 32

// The prefixes keep an entry from being passed off as an inner node, and the reverse.
const LEAF_PREFIX = 0x00
const NODE_PREFIX = 0x01

/** The root of a tree without leaves. */
export const emptyRoot = (sha256: Sha256): Uint8Array => sha256(new Uint8Array(0))

/** The hash of an entry as a leaf; of the entry alone, without the length it has in a bundle. */
export const leafHash = (sha256: Sha256, entry: Uint8Array): Uint8Array => {
  const block = new Uint8Array(1 + entry.length)
  block[0] = LEAF_PREFIX
  block.set(entry, 1)
  return sha256(block)
}

export const nodeHash = (sha256: Sha256, left: Uint8Array, right: Uint8Array): Uint8Array => {
  const block = new Uint8Array(1 + 2 * HASH_BYTES)
  block[0] = NODE_PREFIX
  block.set(left, 1)
  block.set(right, 1 + HASH_BYTES)
  return sha256(block)
}

/** The root over 1, 2, 4, 8 … hashes of one level, which `hashes` holds end to end. */
export const perfectRoot = (sha256: Sha256, hashes: Uint8Array): Uint8Array => {
  // The constructor copies; `slice` of a Node Buffer does not, and would fold the caller's tile.
  const level = new Uint8Array(hashes)
  const block = new Uint8Array(1 + 2 * HASH_BYTES)
  block[0] = NODE_PREFIX
  for (let length = level.length; length > HASH_BYTES; length /= 2) {
    for (let at = 0; at < length; at += 2 * HASH_BYTES) {
      block.set(level.subarray(at, at + 2 * HASH_BYTES), 1)
      level.set(sha256(block), at / 2)
    }
  }
  return level.slice(0, HASH_BYTES)
}
