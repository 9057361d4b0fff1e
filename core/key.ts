import { base64url, compareBytes, fromHex, hex, utf8 } from '#core/bytes.ts'
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

/**
 * The points of small order of edwards25519 (RFC 8032 §5.1), by their y in every encoding, without
 * the sign of x. Under such a key one signature, which anybody can make, fits all messages or many.
 * Libraries disagree on whether it does: where it decides what is in the directory, two readers of
 * the same chain would come to two directories.
 */
const SMALL_ORDER_POINTS: ReadonlySet<string> = new Set([
  `00${'00'.repeat(31)}`,
  `01${'00'.repeat(31)}`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
])

/** Whether a key has its length and stands for one signer. */
export const isUsableKey = (key: PublicKey): boolean =>
  hasRightLength(key) && !(key.algorithm === 'Ed25519' && hasSmallOrder(key.key))

const hasSmallOrder = (key: Uint8Array): boolean => {
  const point = key.slice()
  point[31] = (point[31] ?? 0) & 0x7f
  return SMALL_ORDER_POINTS.has(hex(point))
}

const HALF_P256_ORDER = fromHex('7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8')

/**
 * Whether an ECDSA P-256 signature has its lower S. Anyone can turn one valid signature (r, s) into
 * (r, n − s): only one of the two is taken, so that bytes are signed in one form.
 */
export const hasLowS = (signature: Uint8Array): boolean =>
  HALF_P256_ORDER !== null && compareBytes(signature.subarray(32), HALF_P256_ORDER) <= 0
