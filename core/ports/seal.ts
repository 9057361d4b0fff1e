import type { Classification } from '#core/classification.ts'
import type { Realm } from '#core/realm.ts'

/**
 * The keys under which alerts lie in topics: AES-256-GCM, one series for each realm and level.
 * Who holds none of a level's keys cannot read that level; destroying a month's key erases its
 * content everywhere. Held by gateway and router only.
 */
export interface Seal {
  /** The newest key for this realm, level and the UTC month of `acceptedAtMs`; null when there is none. */
  keyIdFor(realm: Realm, classification: Classification, acceptedAtMs: number): string | null
  /** `nonce`: 12 bytes, random, never used twice with a key. The result ends with the 16-byte tag. */
  seal(box: SealBox & { readonly plaintext: Uint8Array }): Uint8Array
  /** The plaintext, or why there is none. `unknown-key` is not `erased`: only listed ids are. */
  open(box: SealBox & { readonly ciphertext: Uint8Array }): Opened
}

export interface SealBox {
  readonly keyId: string
  readonly nonce: Uint8Array
  readonly additionalData: Uint8Array
}

export type Opened =
  | { readonly state: 'opened'; readonly plaintext: Uint8Array }
  | { readonly state: 'unknown-key' | 'erased' | 'forged' }
