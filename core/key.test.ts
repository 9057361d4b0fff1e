import { expect, test } from 'vitest'
import { generateKey } from '#adapters/crypto/private-key.ts'
import { openSigner } from '#adapters/crypto/signer.ts'
import { verifySignature } from '#adapters/crypto/verify.ts'
import { fromHex, utf8 } from '#core/bytes.ts'
import { isUsableKey, type PublicKey } from '#core/key.ts'

/** By y, of the five that the curve has, and twice as p or p + 1; little-endian. */
const SMALL_ORDER = [
  `00${'00'.repeat(31)}`,
  `01${'00'.repeat(31)}`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
]

const ed25519 = (y: string, sign: number): PublicKey => {
  const key = fromHex(y) ?? new Uint8Array(0)
  key[31] = (key[31] ?? 0) | sign
  return { algorithm: 'Ed25519', key }
}

test.each(SMALL_ORDER)('a key of small order cannot be used, with either sign: %s', async (y) => {
  // The neutral point and no S: fits all messages, or many, wherever the key is not looked at.
  const anybodys = Uint8Array.from({ length: 64 }, (_, at) => (at === 0 ? 1 : 0))
  for (const sign of [0, 0x80]) {
    const key = ed25519(y, sign)
    expect(isUsableKey(key)).toBe(false)
    for (let at = 0; at < 16; at += 1) {
      expect(await verifySignature(key, utf8(`message ${at}`), anybodys)).toBe(false)
    }
  }
})

test('a key that was made can be used, and no key of another length', () => {
  for (const algorithm of ['Ed25519', 'ES256'] as const) {
    const { publicKey } = openSigner(generateKey(algorithm).privatePem)
    expect(isUsableKey(publicKey)).toBe(true)
    expect(isUsableKey({ algorithm, key: publicKey.key.subarray(1) })).toBe(false)
  }
})
