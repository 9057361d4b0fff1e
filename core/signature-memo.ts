import { concatBytes, hex, utf8 } from '#core/bytes.ts'
import type { Sha256 } from '#core/hash.ts'
import type { VerifySignature } from '#core/key.ts'
import { TwoGenerations } from '#core/two-generations.ts'

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
  const memory = new TwoGenerations<true>(entriesMax)
  return async (key, message, signature) => {
    // The lengths stand before the parts, whole, or two questions could have the same bytes.
    const head = utf8(`${key.algorithm} ${key.key.length} ${signature.length} `)
    const parts = concatBytes(head, key.key, signature, message)
    const what = hex(sha256(parts))
    if (memory.get(what) !== undefined) return true
    const isGood = await verify(key, message, signature)
    if (isGood) memory.set(what, true)
    return isGood
  }
}
