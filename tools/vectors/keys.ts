import { sha256 } from '#adapters/crypto/sha256.ts'
import { openSigner } from '#adapters/crypto/signer.ts'
import { hex, utf8 } from '#core/bytes.ts'
import { jwkOf } from '#core/jwk.ts'
import { type KeyId, keyIdOf, type PublicKey } from '#core/key.ts'
import type { Signer } from '#core/ports/signer.ts'
import { publicEs256, scalarFrom, signEs256 } from '#tools/vectors/deterministic-es256.ts'

/** A key whose private half is published with the vectors: worth nothing anywhere else. */
export interface VectorKey extends Signer {
  readonly name: string
  readonly privateKey: Uint8Array
}

/** The 32 bytes that stand for `name` in all vectors: seeds, nonces, salts are made of them. */
export const bytesFor = (name: string): Uint8Array => sha256(utf8(`rabta test vectors: ${name}`))

export const ed25519Key = (name: string): VectorKey => {
  const privateKey = bytesFor(name)
  // RFC 8410 §7: PKCS #8 of a seed.
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), privateKey])
  const pem = `-----BEGIN PRIVATE KEY-----\n${der.toString('base64')}\n-----END PRIVATE KEY-----`
  return { name, privateKey, ...openSigner(pem) }
}

export const es256Key = (name: string): VectorKey => {
  const privateKey = scalarFrom(bytesFor(name))
  const publicKey: PublicKey = { algorithm: 'ES256', key: publicEs256(privateKey) }
  const sign = async (message: Uint8Array) => signEs256(privateKey, message)
  return { name, privateKey, publicKey, keyId: keyIdOf(publicKey, sha256), sign }
}

export interface KeyJson {
  readonly name: string
  readonly keyId: KeyId
  readonly algorithm: PublicKey['algorithm']
  /** Ed25519: 32 bytes. ES256: x then y, 64 bytes. */
  readonly publicKey: string
  readonly jwk: ReturnType<typeof jwkOf>
  /** Ed25519: the seed of RFC 8032. ES256: the number d, big-endian. */
  readonly privateKey: string
}

export const keyJson = ({ name, keyId, publicKey, privateKey }: VectorKey): KeyJson => ({
  name,
  keyId,
  algorithm: publicKey.algorithm,
  publicKey: hex(publicKey.key),
  jwk: jwkOf(publicKey),
  privateKey: hex(privateKey),
})
