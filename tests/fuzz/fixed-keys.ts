import { createECDH, createPrivateKey, type KeyObject } from 'node:crypto'
import { openSigner } from '#adapters/crypto/signer.ts'
import { base64url, concatBytes, fromHex } from '#core/bytes.ts'
import type { Signer } from '#core/ports/signer.ts'

/** Keys for tests alone, the same in every process: so that a case kept today is one tomorrow. */

const ED25519_SEED = fromHex('302e020100300506032b657004220420') ?? new Uint8Array(0)

const seedOf = (nth: number): Uint8Array => new Uint8Array(32).fill(nth)

/** Its signatures are the same in every process too. */
export const ed25519Signer = (nth: number): Signer => {
  const der = concatBytes(ED25519_SEED, seedOf(nth))
  const key = createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' })
  return openSigner(key.export({ format: 'pem', type: 'pkcs8' }).toString())
}

export const p256Key = (nth: number): KeyObject => {
  const pair = createECDH('prime256v1')
  pair.setPrivateKey(seedOf(nth))
  const point = pair.getPublicKey()
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    d: base64url(seedOf(nth)),
    x: base64url(point.subarray(1, 33)),
    y: base64url(point.subarray(33)),
  }
  return createPrivateKey({ key: jwk, format: 'jwk' })
}
