import { createPublicKey, type webcrypto } from 'node:crypto'
import { PrivateKeyUnusable } from '#adapters/crypto/private-key.ts'
import { publicKeyFromJwk } from '#core/jwk.ts'
import type { PublicKey } from '#core/key.ts'

/**
 * The public half of a key: SPKI in PEM, a public JSON Web Key, or either form of the private key.
 * Throws `PrivateKeyUnusable`, which quotes nothing of a text that may be a private key.
 */
export const publicKeyFrom = (text: string): PublicKey => {
  const key = publicKeyFromJwk(jwkFrom(text))
  if (key === null) throw new PrivateKeyUnusable('the key is neither Ed25519 nor P-256')
  return key
}

const jwkFrom = (text: string): webcrypto.JsonWebKey => {
  try {
    // Read as a key even where it is a JSON Web Key already: so a point off the curve is refused.
    const key = text.trimStart().startsWith('{')
      ? createPublicKey({ key: JSON.parse(text) as webcrypto.JsonWebKey, format: 'jwk' })
      : createPublicKey(text)
    return key.export({ format: 'jwk' })
  } catch {
    // The cause may quote the text, so it is left out.
    throw new PrivateKeyUnusable('no public key in PEM or as a JSON Web Key')
  }
}
