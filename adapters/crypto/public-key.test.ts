import { createPublicKey } from 'node:crypto'
import { expect, test } from 'vitest'
import { generateKey, PrivateKeyUnusable } from '#adapters/crypto/private-key.ts'
import { publicKeyFrom } from '#adapters/crypto/public-key.ts'
import { base64url } from '#core/bytes.ts'
import { jwkOf } from '#core/jwk.ts'

test.each(['Ed25519', 'ES256'] as const)('reads %s in each form', (algorithm) => {
  const { privatePem, publicKey } = generateKey(algorithm)
  const spki = createPublicKey(privatePem).export({ type: 'spki', format: 'pem' }).toString()
  for (const text of [privatePem, spki, JSON.stringify(jwkOf(publicKey))]) {
    expect(publicKeyFrom(text)).toEqual(publicKey)
  }
})

test('refuses what is no key of ours, and quotes none of it', () => {
  const off = { kty: 'EC', crv: 'P-256', x: base64url(new Uint8Array(32)), y: '' }
  const offCurve = JSON.stringify({ ...off, y: base64url(new Uint8Array(32).fill(1)) })
  for (const text of ['secret', '{"kty":"secret"}', JSON.stringify(off), offCurve]) {
    expect(() => publicKeyFrom(text)).toThrow(PrivateKeyUnusable)
    expect(() => publicKeyFrom(text)).not.toThrow('secret')
  }
})
