import { base64url, concatBytes, fromBase64url } from '#core/bytes.ts'
import { isUsableKey, type PublicKey } from '#core/key.ts'

/** A public key as a JSON Web Key: RFC 7518 §6.2 (EC), RFC 8037 §2 (OKP). */
export type PublicJwk =
  | { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string }
  | { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string }

export const jwkOf = ({ algorithm, key }: PublicKey): PublicJwk =>
  algorithm === 'Ed25519'
    ? { kty: 'OKP', crv: 'Ed25519', x: base64url(key) }
    : {
        kty: 'EC',
        crv: 'P-256',
        x: base64url(key.subarray(0, 32)),
        y: base64url(key.subarray(32)),
      }

/** Null for a key of another kind, or of the wrong length. A private key's public half is taken. */
export const publicKeyFromJwk = (jwk: {
  readonly kty?: unknown
  readonly crv?: unknown
  readonly x?: unknown
  readonly y?: unknown
}): PublicKey | null => {
  if (jwk.kty === 'OKP' && jwk.crv === 'Ed25519') {
    return checked({ algorithm: 'Ed25519', key: coordinate(jwk.x) })
  }
  if (jwk.kty === 'EC' && jwk.crv === 'P-256') {
    return checked({ algorithm: 'ES256', key: concatBytes(coordinate(jwk.x), coordinate(jwk.y)) })
  }
  return null
}

const COORDINATE_BYTES = 32

/** Empty unless it is exactly 32 bytes, so that no two halves of other lengths make a key. */
const coordinate = (text: unknown): Uint8Array => {
  const bytes = typeof text === 'string' ? fromBase64url(text) : null
  return bytes?.length === COORDINATE_BYTES ? bytes : new Uint8Array(0)
}

const checked = (key: PublicKey): PublicKey | null => (isUsableKey(key) ? key : null)
