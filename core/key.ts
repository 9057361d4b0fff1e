import { base64url, compareBytes, fromHex, utf8 } from '#core/bytes.ts'
import type { Sha256 } from '#core/hash.ts'

/** What a key can be. The directory says which a key is; a message never does. */
export const ALGORITHMS = {
  Ed25519: { keyBytes: 32, signatureBytes: 64 },
  ES256: { keyBytes: 64, signatureBytes: 64 },
} as const
export type Algorithm = keyof typeof ALGORITHMS

/** `key`: Ed25519's 32 bytes (RFC 8032), or P-256's x then y, 32 bytes each, big-endian. */
export interface PublicKey {
  readonly algorithm: Algorithm
  readonly key: Uint8Array
}

declare const brand: unique symbol

/** An RFC 7638 JWK thumbprint with SHA-256, base64url, whole: 43 characters. */
export type KeyId = string & { readonly [brand]: 'KeyId' }

export const isKeyId = (text: string): text is KeyId => /^[A-Za-z0-9_-]{43}$/.test(text)

/** Whether `signature` over `message` verifies under `key`. Never rejects: a bad key is a «no». */
export type VerifySignature = (
  key: PublicKey,
  message: Uint8Array,
  signature: Uint8Array,
) => Promise<boolean>

export const keyIdOf = (key: PublicKey, sha256: Sha256): KeyId =>
  base64url(sha256(utf8(requiredMembers(key)))) as KeyId

/** RFC 7638 §3.2: the required members, in lexicographic order, without white space. */
const requiredMembers = ({ algorithm, key }: PublicKey): string =>
  algorithm === 'Ed25519'
    ? `{"crv":"Ed25519","kty":"OKP","x":"${base64url(key)}"}`
    : `{"crv":"P-256","kty":"EC","x":"${base64url(key.subarray(0, 32))}","y":"${base64url(key.subarray(32))}"}`

export const hasRightLength = ({ algorithm, key }: PublicKey): boolean =>
  key.length === ALGORITHMS[algorithm].keyBytes

const HALF_P256_ORDER = fromHex('7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8')

/**
 * Whether an ECDSA P-256 signature has its lower S. Anyone can turn one valid signature (r, s) into
 * (r, n − s): only one of the two is taken, so that bytes are signed in one form.
 */
export const hasLowS = (signature: Uint8Array): boolean =>
  HALF_P256_ORDER !== null && compareBytes(signature.subarray(32), HALF_P256_ORDER) <= 0
