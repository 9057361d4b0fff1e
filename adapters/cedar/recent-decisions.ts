import type { Decision } from '#core/ports/policy.ts'

/**
 * The decisions of late, by request: `decisionsMax` at most. In two halves: when the younger is
 * full it becomes the older, and what nobody asked for meanwhile is forgotten. So a hit moves
 * nothing in the younger half, where nearly all hits are.
 */
export class RecentDecisions {
  readonly #halfMax: number
  #younger = new Map<string, Decision>()
  #older = new Map<string, Decision>()

  constructor(decisionsMax: number) {
    this.#halfMax = Math.max(1, Math.floor(decisionsMax / 2))
  }

  get size(): number {
    return this.#younger.size + this.#older.size
  }

  get(key: string): Decision | undefined {
    const decision = this.#younger.get(key)
    if (decision !== undefined) return decision
    const old = this.#older.get(key)
    if (old !== undefined) this.set(key, old)
    return old
  }

  set(key: string, decision: Decision): void {
    if (this.#younger.size >= this.#halfMax) {
      this.#older = this.#younger
      this.#younger = new Map()
    }
    this.#younger.set(key, decision)
  }
}
