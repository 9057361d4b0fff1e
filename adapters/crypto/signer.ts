import { type KeyObject, sign } from 'node:crypto'
import { privateKeyFrom } from '#adapters/crypto/private-key.ts'
import { concatBytes, hex } from '#core/bytes.ts'
import { hasLowS } from '#core/key.ts'
import type { Signer } from '#core/ports/signer.ts'

/**
 * A signer over a private key in this process. `privateKey`: PKCS #8 in PEM, or a private JSON Web
 * Key. Throws `PrivateKeyUnusable`. Signs in Node's thread pool.
 */
export const openSigner = (privateKey: string): Signer => {
  const { keyId, publicKey, keyObject } = privateKeyFrom(privateKey)
  const signed = publicKey.algorithm === 'Ed25519' ? signedEd25519 : signedEs256
  return { keyId, publicKey, sign: (message) => signed(keyObject, message) }
}

const signedEd25519 = (key: KeyObject, message: Uint8Array): Promise<Uint8Array> =>
  new Promise((resolve, reject) => sign(null, message, key, settle(resolve, reject)))

const signedEs256 = async (key: KeyObject, message: Uint8Array): Promise<Uint8Array> => {
  const options = { key, dsaEncoding: 'ieee-p1363' } as const
  return withLowS(
    await new Promise<Uint8Array>((resolve, reject) =>
      sign('sha256', message, options, settle(resolve, reject)),
    ),
  )
}

const settle =
  (resolve: (signature: Uint8Array) => void, reject: (error: Error) => void) =>
  (error: Error | null, signature: Uint8Array): void =>
    error === null ? resolve(new Uint8Array(signature)) : reject(error)

const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

/** (r, s) and (r, n − s) both verify; only the one with the lower S is taken. */
const withLowS = (signature: Uint8Array): Uint8Array => {
  if (hasLowS(signature)) return signature
  const s = BigInt(`0x${hex(signature.subarray(32))}`)
  const lowS = Buffer.from((P256_ORDER - s).toString(16).padStart(64, '0'), 'hex')
  return concatBytes(signature.subarray(0, 32), lowS)
}
