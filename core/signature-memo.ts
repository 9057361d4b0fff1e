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
  const memory = new TwoGenerations(Math.ceil(entriesMax / 2))
  return async (key, message, signature) => {
    const parts = concatBytes(utf8(key.algorithm), key.key, signature, sha256(message))
    const what = hex(sha256(parts))
    if (memory.has(what)) return true
    const isGood = await verify(key, message, signature)
    if (isGood) memory.add(what)
    return isGood
  }
}

/** A bounded set that forgets its older half at once, which costs nothing for each entry. */
class TwoGenerations {
  private readonly generationMax: number
  private young = new Set<string>()
  private old = new Set<string>()

  constructor(generationMax: number) {
    this.generationMax = generationMax
  }

  has(entry: string): boolean {
    return this.young.has(entry) || this.old.has(entry)
  }

  add(entry: string): void {
    if (this.young.size >= this.generationMax) {
      this.old = this.young
      this.young = new Set()
    }
    this.young.add(entry)
  }
}
