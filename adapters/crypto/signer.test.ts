import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { generateKey, PrivateKeyUnusable, privateKeyFrom } from '#adapters/crypto/private-key.ts'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { openSigner } from '#adapters/crypto/signer.ts'
import { verifySignature } from '#adapters/crypto/verify.ts'
import { fromHex, hex, utf8 } from '#core/bytes.ts'
import { ALGORITHMS, type Algorithm, hasLowS, keyIdOf } from '#core/key.ts'

const MESSAGE = utf8('what was signed is sacred')

describe.each(Object.keys(ALGORITHMS) as Algorithm[])('a signer with %s', (algorithm) => {
  const { privatePem, publicKey, keyId } = generateKey(algorithm)

  test('signs what its public key verifies', async () => {
    const signer = openSigner(privatePem)
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (message) => {
        const signature = await signer.sign(message)
        expect(signature).toHaveLength(ALGORITHMS[algorithm].signatureBytes)
        expect(Object.getPrototypeOf(signature)).toBe(Uint8Array.prototype)
        expect(await verifySignature(publicKey, message, signature)).toBe(true)
      }),
    )
  })

  test('has the key id that its public key has', () => {
    expect(keyId).toBe(keyIdOf(publicKey, sha256))
    expect(openSigner(privatePem)).toMatchObject({ keyId, publicKey })
  })

  test('opens the same key as a JSON Web Key', () => {
    const jwk = JSON.stringify(createPrivateKey(privatePem).export({ format: 'jwk' }))
    expect(openSigner(jwk)).toMatchObject({ keyId, publicKey })
  })

  test('opens each generated key as another', () => {
    expect(generateKey(algorithm).keyId).not.toBe(keyId)
  })
})

test('signs with Ed25519 as RFC 8032 §7.1 test 2 says', async () => {
  const d = base64urlOf('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb')
  const x = base64urlOf('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c')
  const signer = openSigner(JSON.stringify({ kty: 'OKP', crv: 'Ed25519', d, x }))
  expect(hex(await signer.sign(Uint8Array.of(0x72)))).toBe(
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
      '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  )
})

test('always gives the ECDSA signature with the lower S', async () => {
  const signer = openSigner(generateKey('ES256').privatePem)
  const signatures = await Promise.all(Array.from({ length: 64 }, () => signer.sign(MESSAGE)))
  // Half of all signatures come out high, so one that slipped through has 64 chances to show.
  expect(signatures.filter((signature) => !hasLowS(signature))).toEqual([])
  const verified = signatures.map((one) => verifySignature(signer.publicKey, MESSAGE, one))
  expect(await Promise.all(verified)).not.toContain(false)
})

test('refuses every other kind of key', () => {
  const pem = { type: 'pkcs8', format: 'pem' } as const
  const others = [
    generateKeyPairSync('rsa', { modulusLength: 2048 }),
    generateKeyPairSync('ec', { namedCurve: 'P-384' }),
    generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
    generateKeyPairSync('ed448'),
    generateKeyPairSync('x25519'),
  ]
  for (const { privateKey } of others) {
    expect(() => privateKeyFrom(privateKey.export(pem).toString())).toThrow(PrivateKeyUnusable)
  }
})

test('refuses what is no private key, without quoting it', () => {
  const { privatePem } = generateKey('ES256')
  const secret = privatePem.split('\n')[1] ?? ''
  const jwk = createPrivateKey(privatePem).export({ format: 'jwk' })
  const other = createPrivateKey(generateKey('ES256').privatePem).export({ format: 'jwk' })
  const wrong = [
    '',
    'secret',
    '{',
    '{}',
    'null',
    privatePem.replace(secret, `${secret.slice(0, -4)}AAAA`),
    privatePem.slice(0, 60),
    JSON.stringify({ ...jwk, d: undefined }),
    JSON.stringify({ ...jwk, d: other.d }),
    JSON.stringify({ ...jwk, y: jwk.x }),
  ]
  for (const text of wrong) {
    const error = catching(() => openSigner(text))
    expect(error).toBeInstanceOf(PrivateKeyUnusable)
    expect(`${error} ${(error as Error).cause}`).not.toContain(secret.slice(0, 20))
  }
})

const base64urlOf = (digits: string): string =>
  Buffer.from(fromHex(digits) ?? []).toString('base64url')

const catching = (work: () => unknown): unknown => {
  try {
    return work()
  } catch (error) {
    return error
  }
}
