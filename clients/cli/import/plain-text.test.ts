import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cutAtWord, isDecoded, plainLine } from '#clients/cli/import/plain-text.ts'
import { isPlainLine, isWithin } from '#core/text.ts'

/** Any UTF-16 at all, also halves of pairs. */
const anyText = fc
  .array(fc.nat(0xff_ff), { maxLength: 60 })
  .map((units) => String.fromCharCode(...units))
const hostile = fc.constantFrom('\u202e', '\u0000', '\n', '\u00ad', '\u2028', ' ', '\ufeff', 'a')
const text = fc.oneof(
  anyText,
  fc.array(hostile, { maxLength: 40 }).map((all) => all.join('')),
)

describe('a plain line', () => {
  test('is what the hub takes, whatever it was made of', () => {
    fc.assert(
      fc.property(text, (any) => {
        const line = plainLine(any)
        expect(isPlainLine(line)).toBe(true)
        expect(line.trim()).toBe(line)
        expect(plainLine(line)).toBe(line)
      }),
      { numRuns: 2_000 },
    )
  })

  test('keeps words and their order', () => {
    expect(plainLine(' a\r\n\tb\u00a0 c\u0007d\u202e e\u00adf ')).toBe('a b c d ef')
  })
})

describe('cutting', () => {
  test.each([
    ['one two three', 13, 'one two three'],
    ['one two three', 12, 'one two…'],
    ['one two three', 8, 'one two…'],
    ['one two three', 7, 'one…'],
    ['onetwothree', 5, 'onet…'],
    ['😀😀😀', 3, '😀😀😀'],
    ['😀😀😀', 2, '😀…'],
  ])('«%s» to %i characters gives «%s»', (whole, charactersMax, cut) => {
    expect(cutAtWord(whole, charactersMax)).toBe(cut)
  })

  test('gives no more than was asked, and a line stays one', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 50 }), (any, charactersMax) => {
        const cut = cutAtWord(plainLine(any), charactersMax)
        expect(isWithin(cut, charactersMax)).toBe(true)
        expect(cut.trim()).toBe(cut)
      }),
      { numRuns: 2_000 },
    )
  })
})

test.each([
  ['Ansār', true],
  ['', true],
  ['half \ud800 a pair', false],
  ['not \ufffd decoded', false],
])('«%s» was UTF-8: %s', (any, is) => {
  expect(isDecoded(any)).toBe(is)
})
