import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
  type webcrypto,
} from 'node:crypto'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { publicKeyFromJwk } from '#core/jwk.ts'
import { type Algorithm, type KeyId, keyIdOf, type PublicKey } from '#core/key.ts'

export interface PrivateKey {
  readonly keyId: KeyId
  readonly publicKey: PublicKey
  readonly keyObject: KeyObject
}

/** Not a private key, or of an algorithm that Rabta does not use. Never quotes the text. */
export class PrivateKeyUnusable extends Error {
  override readonly name = 'PrivateKeyUnusable'
}

/** `text`: PKCS #8 in PEM, or a private JSON Web Key. Throws `PrivateKeyUnusable`. */
export const privateKeyFrom = (text: string): PrivateKey => {
  const keyObject = parse(text)
  const publicKey = publicKeyFromJwk(exported(keyObject))
  if (publicKey === null) throw new PrivateKeyUnusable('the key is neither Ed25519 nor P-256')
  if (!isPair(keyObject)) throw new PrivateKeyUnusable('the two halves of the key do not match')
  return { keyId: keyIdOf(publicKey, sha256), publicKey, keyObject }
}

export interface GeneratedKey {
  readonly keyId: KeyId
  readonly publicKey: PublicKey
  /** PKCS #8. */
  readonly privatePem: string
}

export const generateKey = (algorithm: Algorithm): GeneratedKey => {
  const { privateKey } =
    algorithm === 'Ed25519'
      ? generateKeyPairSync('ed25519')
      : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const privatePem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const { keyId, publicKey } = privateKeyFrom(privatePem)
  return { keyId, publicKey, privatePem }
}

/** PKCS #8 holds both halves, and OpenSSL believes what a damaged file says of the public one. */
const isPair = (keyObject: KeyObject): boolean => {
  const probe = new Uint8Array(32)
  return verify(null, probe, createPublicKey(keyObject), sign(null, probe, keyObject))
}

const parse = (text: string): KeyObject => {
  try {
    return text.trimStart().startsWith('{')
      ? createPrivateKey({ key: JSON.parse(text) as webcrypto.JsonWebKey, format: 'jwk' })
      : createPrivateKey(text)
  } catch {
    // The cause may quote the text, so it is left out.
    throw new PrivateKeyUnusable('no private key in PKCS #8 PEM or as a JSON Web Key')
  }
}

/** Empty for a key that has no form as a JSON Web Key. */
const exported = (keyObject: KeyObject): webcrypto.JsonWebKey => {
  try {
    return keyObject.export({ format: 'jwk' })
  } catch {
    return {}
  }
}
