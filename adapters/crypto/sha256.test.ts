import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hmacSha256 } from '#adapters/crypto/hmac.ts'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { hex, utf8 } from '#core/bytes.ts'

test('hashes as FIPS 180-4 says, every byte of the digest', () => {
  expect(hex(sha256(new Uint8Array(0)))).toBe(
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  )
  expect(hex(sha256(utf8('abc')))).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  )
})

test('agrees with the other interface of the same library, whatever the bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1_000 }), (bytes) => {
      const expected = createHash('sha256').update(bytes).digest('hex')
      expect(hex(sha256(bytes))).toBe(expected)
    }),
  )
})

test('hashes what a view shows, not what lies around it', () => {
  const whole = Uint8Array.from({ length: 100 }, (_, index) => index)
  expect(sha256(whole.subarray(10, 20))).toEqual(sha256(whole.slice(10, 20)))
})

test('gives a plain array of its own each time', () => {
  const first = sha256(utf8('abc'))
  const second = sha256(utf8('abc'))
  expect(Object.getPrototypeOf(first)).toBe(Uint8Array.prototype)
  expect(first.buffer.byteLength).toBe(32)
  first.fill(0)
  expect(second).toEqual(sha256(utf8('abc')))
})

test('authenticates as RFC 4231 test case 2 says', () => {
  expect(hex(hmacSha256(utf8('Jefe'), utf8('what do ya want for nothing?')))).toBe(
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  )
})
