import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { generateKey } from '#adapters/crypto/private-key.ts'
import { openSigner } from '#adapters/crypto/signer.ts'
import { openVerifier, verifySignature } from '#adapters/crypto/verify.ts'
import { concatBytes, fromHex, hex, utf8 } from '#core/bytes.ts'
import { ALGORITHMS, type Algorithm, hasLowS, type PublicKey } from '#core/key.ts'

const MESSAGE = utf8('what was signed is sacred')
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

const signed = async (algorithm: Algorithm) => {
  const signer = openSigner(generateKey(algorithm).privatePem)
  return { key: signer.publicKey, signature: await signer.sign(MESSAGE) }
}

describe.each(Object.keys(ALGORITHMS) as Algorithm[])('verifying %s', (algorithm) => {
  test('says no to a signature, message or key with any one bit changed', async () => {
    const { key, signature } = await signed(algorithm)
    await fc.assert(
      fc.asyncProperty(fc.nat(63), fc.nat(7), fc.nat(2), async (place, bit, what) => {
        const parts = [signature, MESSAGE, key.key]
        const changed = parts.map((part, index) =>
          index === what ? flipped(part, place % part.length, bit) : part,
        )
        const [inSignature, inMessage, inKey] = changed as [Uint8Array, Uint8Array, Uint8Array]
        const isGood = await verifySignature({ algorithm, key: inKey }, inMessage, inSignature)
        expect(isGood).toBe(false)
      }),
    )
    expect(await verifySignature(key, MESSAGE, signature)).toBe(true)
  })

  test('says no to another key', async () => {
    const { signature } = await signed(algorithm)
    expect(await verifySignature((await signed(algorithm)).key, MESSAGE, signature)).toBe(false)
  })

  test('says no, and never rejects, whatever the bytes of key and signature', async () => {
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 70 }), sized(32), sized(64))
    await fc.assert(
      fc.asyncProperty(bytes, bytes, async (key, signature) => {
        expect(await verifySignature({ algorithm, key }, MESSAGE, signature)).toBe(false)
      }),
    )
  })

  test('says no to a signature of a wrong length', async () => {
    const { key, signature } = await signed(algorithm)
    const longer = concatBytes(signature, Uint8Array.of(0))
    for (const wrong of [signature.subarray(0, 63), longer, new Uint8Array(0)]) {
      expect(await verifySignature(key, MESSAGE, wrong)).toBe(false)
    }
  })

  test('goes by the bytes as they were at the call', async () => {
    const { key, signature } = await signed(algorithm)
    const message = MESSAGE.slice()
    const verifying = verifySignature(key, message, signature)
    message.fill(0)
    signature.fill(0)
    expect(await verifying).toBe(true)
  })
})

test('says no to the higher of the two S that both fit an ECDSA signature', async () => {
  const { key, signature } = await signed('ES256')
  const s = BigInt(`0x${hex(signature.subarray(32))}`)
  const highS = fromHex((P256_ORDER - s).toString(16).padStart(64, '0')) ?? new Uint8Array(0)
  const other = concatBytes(signature.subarray(0, 32), highS)
  expect(hasLowS(other)).toBe(false)
  expect(await verifySignature(key, MESSAGE, other)).toBe(false)
})

test('says no to an ECDSA signature of zeros, and one in DER', async () => {
  const { key, signature } = await signed('ES256')
  const der = concatBytes(Uint8Array.of(0x30, 0x44, 2, 32), signature)
  for (const wrong of [new Uint8Array(64), der, der.subarray(0, 64)]) {
    expect(await verifySignature(key, MESSAGE, wrong)).toBe(false)
  }
})

test('takes the algorithm from the key alone', async () => {
  const { key, signature } = await signed('Ed25519')
  const asOther: PublicKey = { algorithm: 'ES256', key: concatBytes(key.key, key.key) }
  expect(await verifySignature(asOther, MESSAGE, signature)).toBe(false)
})

test('verifies under more keys than it remembers, in any order', async () => {
  const verify = openVerifier(2)
  const all = await Promise.all((['ES256', 'Ed25519', 'ES256', 'Ed25519'] as const).map(signed))
  for (const index of [0, 1, 2, 3, 0, 2, 1, 0, 3]) {
    const { key, signature } = all[index] as (typeof all)[number]
    expect(await verify(key, MESSAGE, signature)).toBe(true)
    expect(await verify(key, utf8('another'), signature)).toBe(false)
  }
})

test('tells two keys apart that differ in one bit, although it remembers the first', async () => {
  const verify = openVerifier(10)
  const { key, signature } = await signed('Ed25519')
  expect(await verify(key, MESSAGE, signature)).toBe(true)
  const near = { ...key, key: flipped(key.key, 31, 7) }
  expect(await verify(near, MESSAGE, signature)).toBe(false)
})

const sized = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })

const flipped = (bytes: Uint8Array, place: number, bit: number): Uint8Array =>
  bytes.map((byte, index) => (index === place ? byte ^ (1 << bit) : byte))
