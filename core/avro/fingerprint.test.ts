import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fingerprintOfForm } from '#core/avro/fingerprint.ts'
import { utf8 } from '#core/bytes.ts'

/** Bit by bit in one register of 64 bits, with no table. */
const bitwise = (form: string): string => {
  const polynomial = 0xc15d213aa4d7a795n
  let register = polynomial
  for (const byte of utf8(form)) {
    for (let bit = 0; bit < 8; bit += 1) {
      const out = (register ^ BigInt((byte >> bit) & 1)) & 1n
      register = (register >> 1n) ^ (out * polynomial)
    }
  }
  return register.toString(16).padStart(16, '0')
}

test.each([
  ['"null"', '63dd24e7cc258f8a'],
  ['"int"', '7275d51a3f395c8f'],
])('the fingerprint of %s is the published one', (form, fingerprint) => {
  expect(fingerprintOfForm(form)).toBe(fingerprint)
  expect(bitwise(form)).toBe(fingerprint)
})

test('equals the bitwise definition for any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii', maxLength: 100 }), (form) => {
      expect(fingerprintOfForm(form)).toBe(bitwise(form))
    }),
    { numRuns: 100 },
  )
})
