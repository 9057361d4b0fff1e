import { describe, expect, it } from 'vitest'
import { hex } from '#core/bytes.ts'
import { leafHash, nodeHash, perfectRoot } from '#core/tlog/hash.ts'
import { sha256, vectorEntry } from '#tests/tlog-vectors.ts'

const [a, b, c, d] = [0, 1, 2, 3].map((index) => leafHash(sha256, vectorEntry(index))) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
]

describe('the root of a perfect subtree', () => {
  it('is its nodes, pair by pair', () => {
    const root = nodeHash(sha256, nodeHash(sha256, a, b), nodeHash(sha256, c, d))
    expect(hex(perfectRoot(sha256, Buffer.concat([a, b, c, d])))).toBe(hex(root))
    expect(hex(perfectRoot(sha256, a))).toBe(hex(a))
  })

  it('is computed without a trace in the hashes, be they in a Node buffer', () => {
    for (const hashes of [Buffer.concat([a, b]), new Uint8Array(Buffer.concat([a, b]))]) {
      perfectRoot(sha256, hashes)
      expect(hex(hashes)).toBe(hex(a) + hex(b))
    }
  })
})
