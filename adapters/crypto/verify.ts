import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { hex } from '#core/bytes.ts'
import { jwkOf } from '#core/jwk.ts'
import {
  ALGORITHMS,
  type Algorithm,
  hasLowS,
  hasRightLength,
  isUsableKey,
  type PublicKey,
  type VerifySignature,
} from '#core/key.ts'
import { LIMITS } from '#core/limits.ts'

/**
 * Verifies in Node's thread pool, so that the event loop stays free. Keeps the `keysMax` last used
 * keys imported: a key's import is up to half of what its use costs.
 */
export const openVerifier = (keysMax: number): VerifySignature => {
  const imported = importedKeys(keysMax)
  return async (key, message, signature) => {
    const { algorithm } = key
    if (!hasRightLength(key) || !isWellFormed(algorithm, signature)) return false
    const keyObject = imported(key)
    return keyObject !== null && verified(algorithm, keyObject, message, signature)
  }
}

const isWellFormed = (algorithm: Algorithm, signature: Uint8Array): boolean =>
  signature.length === ALGORITHMS[algorithm].signatureBytes &&
  (algorithm !== 'ES256' || hasLowS(signature))

const verified = (
  algorithm: Algorithm,
  key: KeyObject,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> =>
  new Promise((resolve) => {
    // A key or signature that OpenSSL cannot use is a «no», as a wrong one is.
    const done = (error: Error | null, isGood: boolean): void => resolve(error === null && isGood)
    if (algorithm === 'Ed25519') verify(null, message, key, signature, done)
    else verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature, done)
  })

/** A Map iterates in the order of insertion, so what was used longest ago comes first. */
const importedKeys = (keysMax: number): ((key: PublicKey) => KeyObject | null) => {
  const known = new Map<string, KeyObject>()
  return (key) => {
    const name = `${key.algorithm} ${hex(key.key)}`
    const keyObject = known.get(name) ?? importKey(key)
    if (keyObject === null) return null
    known.delete(name)
    known.set(name, keyObject)
    if (known.size > keysMax) known.delete(known.keys().next().value ?? '')
    return keyObject
  }
}

const importKey = (key: PublicKey): KeyObject | null => {
  // Some versions of OpenSSL find that one signature fits everything under such a key.
  if (!isUsableKey(key)) return null
  try {
    return createPublicKey({ key: { ...jwkOf(key) }, format: 'jwk' })
  } catch {
    // Not a point on the curve.
    return null
  }
}

/** One for the process: its memory holds public keys alone, so nobody can tell it from none. */
export const verifySignature: VerifySignature = openVerifier(LIMITS.verifierKeysMax)
