/** Authenticated encryption under one key that all gateways share (AES-256-GCM). */
export interface Cipher {
  /** Nonce, ciphertext and tag; the nonce is fresh and random each time. */
  encrypt(plaintext: Uint8Array, additionalData: Uint8Array): Uint8Array
  /** Null when these bytes were not made under this key with the same additional data. */
  decrypt(sealed: Uint8Array, additionalData: Uint8Array): Uint8Array | null
}
