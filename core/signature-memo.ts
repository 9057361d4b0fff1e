import { concatBytes, hex, utf8 } from '#core/bytes.ts'
import type { Sha256 } from '#core/hash.ts'
import type { VerifySignature } from '#core/key.ts'

/**
 * Remembers signatures that verified, so that gateway, router and index of one process pay once.
 * A memory is of key, message and signature alone: whether that key may sign is asked each time.
 * Failures are not remembered: an attacker could push the good ones out with them.
 */
export const memoised = (
  verify: VerifySignature,
  sha256: Sha256,
  entriesMax: number,
): VerifySignature => {
  const verified = new Set<string>()
  return async (key, message, signature) => {
    const what = hex(sha256(concatBytes(utf8(key.algorithm), key.key, signature, sha256(message))))
    if (verified.has(what)) return true
    const isGood = await verify(key, message, signature)
    if (isGood) {
      verified.add(what)
      if (verified.size > entriesMax) verified.delete(oldestOf(verified))
    }
    return isGood
  }
}

/** A Set iterates in the order of insertion. */
const oldestOf = (set: ReadonlySet<string>): string => set.values().next().value ?? ''
