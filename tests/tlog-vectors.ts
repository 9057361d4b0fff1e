import { createPrivateKey, createPublicKey, hash, sign, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fromHex, utf8 } from '#core/bytes.ts'
import type { Sha256 } from '#core/hash.ts'
import type { RawVerifier, Verifiers } from '#core/tlog/note-signature.ts'

/** The vectors of `tests/vectors/tlog/`, and Node's cryptography as the log's primitives want it. */

export const readVector = (name: string): Buffer =>
  readFileSync(new URL(`./vectors/tlog/${name}`, import.meta.url))

export const readVectors = <Shape>(name: string): Shape =>
  JSON.parse(readVector(name).toString('utf8'))

export const sha256: Sha256 = (bytes) => hash('sha256', bytes, 'buffer')

export const bytesOf = (hexText: string): Uint8Array => {
  const bytes = fromHex(hexText)
  if (bytes === null) throw new Error(`Not hexadecimal: ${hexText}`)
  return bytes
}

/** Leaf `index` of the larger trees. */
export const vectorEntry = (index: number): Uint8Array => utf8(`entry-${index}`)

// The DER of a key up to its raw bytes.
const ED25519_PUBLIC = bytesOf('302a300506032b6570032100')
const ED25519_SEED = bytesOf('302e020100300506032b657004220420')
const ML_DSA_44_PUBLIC = bytesOf('30820532300b06096086480165030403110382052100')

const verifyWith =
  (prefix: Uint8Array): RawVerifier =>
  async (publicKey, message, signature) => {
    const der = Buffer.concat([prefix, publicKey])
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
    return verify(null, message, key, signature)
  }

export const verifiers = {
  ed25519: verifyWith(ED25519_PUBLIC),
  mlDsa44: verifyWith(ML_DSA_44_PUBLIC),
} satisfies Verifiers

const privateKey = (seed: Uint8Array) =>
  createPrivateKey({
    key: Buffer.concat([ED25519_SEED, seed]),
    format: 'der',
    type: 'pkcs8',
  })

export const ed25519Signer =
  (seed: Uint8Array) =>
  async (message: Uint8Array): Promise<Uint8Array> =>
    sign(null, message, privateKey(seed))

/** The raw public key. */
export const ed25519PublicKey = (seed: Uint8Array): Uint8Array =>
  createPublicKey(privateKey(seed))
    .export({ format: 'der', type: 'spki' })
    .subarray(ED25519_PUBLIC.length)
