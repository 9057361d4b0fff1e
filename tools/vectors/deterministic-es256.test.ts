import { expect, test } from 'vitest'
import { verifySignature } from '#adapters/crypto/verify.ts'
import { fromHex, hex, utf8 } from '#core/bytes.ts'
import { hasLowS } from '#core/key.ts'
import { publicEs256, signEs256, withHighS } from '#tools/vectors/deterministic-es256.ts'

// RFC 6979 §A.2.5, curve P-256, with SHA-256.
const PRIVATE = fromHex('c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721')

test('signs as RFC 6979 says, with the lower S', () => {
  if (PRIVATE === null) throw new Error('no key')
  const sample = signEs256(PRIVATE, utf8('sample'))
  expect(hex(sample.subarray(0, 32))).toBe(
    'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716',
  )
  expect(hasLowS(sample)).toBe(true)
  expect(hex(withHighS(sample).subarray(32))).toBe(
    'f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8',
  )
  expect(hex(signEs256(PRIVATE, utf8('test')))).toBe(
    'f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367' +
      '019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083',
  )
})

test('has the public key that the RFC says, which verifies', async () => {
  if (PRIVATE === null) throw new Error('no key')
  const key = { algorithm: 'ES256', key: publicEs256(PRIVATE) } as const
  expect(hex(key.key)).toBe(
    '60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6' +
      '7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299',
  )
  const message = utf8('sample')
  expect(await verifySignature(key, message, signEs256(PRIVATE, message))).toBe(true)
})
