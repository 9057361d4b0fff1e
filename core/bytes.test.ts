import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  base64,
  base64url,
  equalBytes,
  fromBase64,
  fromBase64url,
  fromHex,
  hex,
  utf8,
} from '#core/bytes.ts'

/** As on a platform that has no such methods of its own. */
const withoutPlatform = (bytes: Uint8Array): Uint8Array =>
  Object.defineProperties(bytes, {
    toHex: { value: undefined },
    toBase64: { value: undefined },
  })

const asItIs = (bytes: Uint8Array): Uint8Array => bytes

describe.each([
  ['with what the platform gives', asItIs],
  ['where the platform gives nothing', withoutPlatform],
])('texts of bytes, %s', (_, prepare) => {
  test('are those that Node makes, and lead back to the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
        const given = prepare(bytes.slice())
        const buffer = Buffer.from(bytes)
        expect(hex(given)).toBe(buffer.toString('hex'))
        expect(base64(given)).toBe(buffer.toString('base64'))
        expect(base64url(given)).toBe(buffer.toString('base64url'))
        expect(fromHex(hex(given))).toEqual(bytes)
        expect(fromBase64(base64(given))).toEqual(bytes)
        expect(fromBase64url(base64url(given))).toEqual(bytes)
      }),
    )
  })

  test('of one to four bytes have their padding, or none', () => {
    const given = (length: number) => prepare(new Uint8Array(length).fill(0xff))
    expect([1, 2, 3, 4].map((length) => base64(given(length)))).toEqual([
      '/w==',
      '//8=',
      '////',
      '/////w==',
    ])
    expect([1, 2, 3, 4].map((length) => base64url(given(length)))).toEqual([
      '_w',
      '__8',
      '____',
      '_____w',
    ])
  })
})

test('a text that is not the one form is none', () => {
  for (const text of ['0', '0G', 'AB', ' 00', '00 ', '0x', 'ğŸ', '\u{1f600}']) {
    expect(fromHex(text), text).toBeNull()
  }
  for (const text of ['/w', '/w=', '/x==', '/w===', '=', '_w==', '/w==\n', ' /w==', 'ÿw==', '/']) {
    expect(fromBase64(text), text).toBeNull()
  }
  for (const text of ['_x', '/w', '_w==', '_', '_w ', 'ÿw', '\u{1f600}']) {
    expect(fromBase64url(text), text).toBeNull()
  }
})

test('whatever a decoder takes, the encoder gives back', () => {
  const near = fc.string({ unit: fc.constantFrom(...'AZaz09+/-_=gfF \u00ff'), maxLength: 12 })
  fc.assert(
    fc.property(near, (text) => {
      for (const [decode, encode] of [
        [fromHex, hex],
        [fromBase64, base64],
        [fromBase64url, base64url],
      ] as const) {
        const bytes = decode(text)
        if (bytes !== null) expect(encode(bytes)).toBe(text)
      }
    }),
    { numRuns: 5_000 },
  )
})

test('UTF-8 is what the platform makes of any text, short or long', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 100 }), (text) => {
      expect(utf8(text)).toEqual(new TextEncoder().encode(text))
    }),
  )
  expect(utf8('\u0080')).toEqual(Uint8Array.of(0xc2, 0x80))
  expect(utf8('\ud800')).toEqual(new TextEncoder().encode('\ud800'))
})

test('bytes are equal when all are, and as many', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1 }), fc.nat(), (bytes, place) => {
      expect(equalBytes(bytes, bytes.slice())).toBe(true)
      const other = bytes.slice()
      const at = place % other.length
      other[at] = (other[at] ?? 0) ^ 1
      expect(equalBytes(bytes, other)).toBe(false)
      expect(equalBytes(bytes, bytes.subarray(1))).toBe(false)
      expect(equalBytes(bytes.subarray(1), bytes)).toBe(false)
    }),
  )
  expect(equalBytes(new Uint8Array(0), new Uint8Array(0))).toBe(true)
})
