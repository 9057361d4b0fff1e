import { createECDH, createHmac, hash } from 'node:crypto'
import { concatBytes, fromHex, hex } from '#core/bytes.ts'

/**
 * ECDSA over P-256 with SHA-256 and the nonce of RFC 6979 §3.2, so that vectors stay the same when
 * they are made again. For published keys only: arithmetic on BigInt tells its time.
 */
export const signEs256 = (privateKey: Uint8Array, message: Uint8Array): Uint8Array => {
  const digest = Uint8Array.from(hash('sha256', message, 'buffer'))
  for (const nonce of nonces(privateKey, digest)) {
    const r = numberOf(xOf(nonce)) % ORDER
    const sum = numberOf(digest) + r * numberOf(privateKey)
    const s = (inverse(numberOf(nonce)) * sum) % ORDER
    // Of the two S that verify, the lower: the only one that the hub takes.
    if (r !== 0n && s !== 0n)
      return concatBytes(bytesOf(r), bytesOf(s > ORDER / 2n ? ORDER - s : s))
  }
  throw new Error('no nonce fits')
}

/** Another signature that verifies wherever (r, s) does, and that the hub refuses. */
export const withHighS = (signature: Uint8Array): Uint8Array =>
  concatBytes(signature.subarray(0, 32), bytesOf(ORDER - numberOf(signature.subarray(32))))

/** x then y, 64 bytes. */
export const publicEs256 = (privateKey: Uint8Array): Uint8Array => pointOf(privateKey).slice(1)

/** A private key from any 32 bytes. */
export const scalarFrom = (bytes: Uint8Array): Uint8Array =>
  bytesOf((numberOf(bytes) % (ORDER - 1n)) + 1n)

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

const nonces = function* (privateKey: Uint8Array, digest: Uint8Array): Generator<Uint8Array> {
  const secret = concatBytes(privateKey, bytesOf(numberOf(digest) % ORDER))
  let key: Uint8Array = new Uint8Array(32)
  let value: Uint8Array = new Uint8Array(32).fill(1)
  for (const round of [0, 1]) {
    key = hmac(key, concatBytes(value, Uint8Array.of(round), secret))
    value = hmac(key, value)
  }
  for (let tries = 0; tries < 100; tries += 1) {
    value = hmac(key, value)
    if (numberOf(value) > 0n && numberOf(value) < ORDER) yield value
    key = hmac(key, concatBytes(value, Uint8Array.of(0)))
    value = hmac(key, value)
  }
}

const hmac = (key: Uint8Array, bytes: Uint8Array): Uint8Array =>
  Uint8Array.from(createHmac('sha256', key).update(bytes).digest())

/** `scalar` times the base point, as 04, x, y. */
const pointOf = (scalar: Uint8Array): Uint8Array => {
  const curve = createECDH('prime256v1')
  curve.setPrivateKey(scalar)
  return Uint8Array.from(curve.getPublicKey())
}

const xOf = (scalar: Uint8Array): Uint8Array => pointOf(scalar).subarray(1, 33)

const inverse = (value: bigint): bigint => {
  let [result, base, exponent] = [1n, value % ORDER, ORDER - 2n]
  for (; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % ORDER
    base = (base * base) % ORDER
  }
  return result
}

const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${hex(bytes)}`)

const bytesOf = (value: bigint): Uint8Array => {
  const bytes = fromHex(value.toString(16).padStart(64, '0'))
  if (bytes?.length !== 32) throw new RangeError('not 32 bytes')
  return bytes
}
