import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes, hex } from '#core/bytes.ts'
import { decodeBundle, encodeBundle, sliceBundle } from '#core/tlog/entry-bundle.ts'
import { bytesOf, readVectors, sha256 } from '#tests/tlog-vectors.ts'

const encoded = (entries: readonly Uint8Array[]): Uint8Array => {
  const bundle = encodeBundle(entries)
  if (bundle === null) throw new Error('These entries make no bundle')
  return bundle
}

const someEntries = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 256 })

describe('a bundle', () => {
  const { bundles } = readVectors<{
    readonly bundles: readonly { Entries: string[]; Hex: string; Sha256: string }[]
  }>('tile_paths.json')

  /** In hexadecimal, or as «65535 x 07». */
  const entryOf = (text: string): Uint8Array => {
    const [, times, byte] = /^([0-9]+) x ([0-9a-f]{2})$/.exec(text) ?? []
    return bytesOf(byte === undefined ? text : byte.repeat(Number(times)))
  }

  it('has the bytes of independent libraries, and gives its entries back', () => {
    expect(bundles).toHaveLength(3)
    for (const { Entries, Sha256 } of bundles) {
      const entries = Entries.map(entryOf)
      const bundle = encoded(entries)
      expect(hex(sha256(bundle))).toBe(Sha256)
      expect(decodeBundle(bundle, entries.length)?.map(hex)).toEqual(entries.map(hex))
    }
    expect(hex(encoded([bytesOf('61')]))).toBe(bundles[0]?.Hex)
  })

  it('gives back any entries', () => {
    fc.assert(
      fc.property(someEntries, (entries) => {
        expect(decodeBundle(encoded(entries), entries.length)?.map(hex)).toEqual(entries.map(hex))
      }),
    )
  })

  it('takes no entry of more than 65,535 bytes and no more than 256 entries', () => {
    expect(encodeBundle([new Uint8Array(65_535)])).toHaveLength(65_537)
    expect(encodeBundle([new Uint8Array(65_536)])).toBe(null)
    const one = Uint8Array.of(1)
    expect(encodeBundle(Array.from({ length: 256 }, () => one))).toHaveLength(768)
    expect(encodeBundle(Array.from({ length: 257 }, () => one))).toBe(null)
  })

  it('is refused when it holds another number of entries, or is cut anywhere', () => {
    const bundle = encoded([bytesOf('61'), bytesOf('6263')])
    expect(decodeBundle(bundle, 1)).toBe(null)
    expect(decodeBundle(bundle, 3)).toBe(null)
    for (const end of bundle.keys()) expect(decodeBundle(bundle.subarray(0, end), 2)).toBe(null)
    for (const end of bundle.keys()) expect(sliceBundle(bundle.subarray(0, end), 2)).toBe(null)
    expect(decodeBundle(concatBytes(bundle, Uint8Array.of(0)), 2)).toBe(null)
    const tooMany = concatBytes(...Array.from({ length: 257 }, () => bytesOf('0000')))
    expect(decodeBundle(tooMany, 257)).toBe(null)
  })

  it('serves any width that it has, also from within a larger buffer', () => {
    fc.assert(
      fc.property(someEntries, fc.nat({ max: 256 }), (entries, width) => {
        const padded = concatBytes(Uint8Array.of(7, 7, 7), encoded(entries))
        const expected = width <= entries.length ? encoded(entries.slice(0, width)) : null
        const slice = sliceBundle(padded.subarray(3), width)
        expect(slice && hex(slice)).toEqual(expected && hex(expected))
      }),
    )
  })

  it('is answered with null, never an error, for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.nat({ max: 300 }), (bytes, width) => {
        const entries = decodeBundle(bytes, width)
        if (entries !== null) expect(hex(encoded(entries))).toBe(hex(bytes))
      }),
    )
  })
})
