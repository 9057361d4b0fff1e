import { createCipheriv, createDecipheriv } from 'node:crypto'
import { randomBytes } from '#adapters/crypto/random.ts'
import { concatBytes } from '#core/bytes.ts'
import type { Cipher } from '#core/ports/cipher.ts'

const ALGORITHM = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16
const OPTIONS = { authTagLength: TAG_BYTES }

/** `key`: 32 bytes. Nonces are random: to be used for less than 2^32 messages with a key. */
export const openCipher = (key: Uint8Array): Cipher => ({
  encrypt: (plaintext, additionalData) => {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv(ALGORITHM, key, nonce, OPTIONS).setAAD(additionalData)
    return concatBytes(nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag())
  },
  decrypt: (sealed, additionalData) => {
    if (sealed.length < NONCE_BYTES + TAG_BYTES) return null
    const nonce = sealed.subarray(0, NONCE_BYTES)
    const decipher = createDecipheriv(ALGORITHM, key, nonce, OPTIONS).setAAD(additionalData)
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES))
    try {
      const body = decipher.update(sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES))
      return concatBytes(body, decipher.final())
    } catch {
      // Another key, other additional data, or bytes that were changed: it does not say which.
      return null
    }
  },
})
