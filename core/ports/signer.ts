import type { KeyId, PublicKey } from '#core/key.ts'

/** One private key, wherever it lies: a file, a card, an HSM. */
export interface Signer {
  readonly keyId: KeyId
  readonly publicKey: PublicKey
  /** A signature over `message`: Ed25519 (64 bytes), or ECDSA P-256 with SHA-256, P1363, low S. */
  sign(message: Uint8Array): Promise<Uint8Array>
}
