import { equalBytes } from '#core/bytes.ts'
import type { KeyId, PublicKey } from '#core/key.ts'
import type { FindKey, VerifiedToken } from '#core/ports/tokens.ts'

interface Remembered {
  readonly token: VerifiedToken
  readonly keyId: KeyId
  readonly key: PublicKey
  readonly verifiedAtMs: number
}

/**
 * Access tokens whose signature was verified: a caller sends the same one for minutes. The memory
 * only ever says yes, and only as long as a new verification would: the key is asked for again and
 * must be the same, and the time must lie between that of the verification and the token's end.
 * Whatever else it may be, is verified anew.
 */
export class TokenMemory {
  readonly #tokensMax: number
  readonly #remembered = new Map<string, Remembered>()

  constructor(tokensMax: number) {
    this.#tokensMax = tokensMax
  }

  recall(text: string, find: FindKey, nowMs: number): VerifiedToken | null {
    const known = this.#remembered.get(text)
    if (known === undefined) return null
    const { token, keyId, key, verifiedAtMs } = known
    // A clock that was set back may stand before the token was issued.
    if (nowMs < verifiedAtMs || nowMs >= token.expiresAtMs) return null
    const now = find(keyId)
    const isSameKey = now?.algorithm === key.algorithm && equalBytes(now.key, key.key)
    return isSameKey ? token : null
  }

  keep(text: string, remembered: Remembered): void {
    this.#remembered.set(text, remembered)
    if (this.#remembered.size <= this.#tokensMax) return
    // A Map iterates in the order of insertion: the oldest, which expires first, comes first.
    const [oldest] = this.#remembered.keys()
    if (oldest !== undefined) this.#remembered.delete(oldest)
  }
}
