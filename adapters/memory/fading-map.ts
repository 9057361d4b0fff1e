/** How many entries each call looks over for some that have faded. */
const SWEPT_AT_ONCE = 2

/**
 * Moments under names, each worthless once it has passed. Holds `entriesMax` at most: past that the
 * entry that was set longest ago goes, faded or not. Every call sweeps a little, so that no single
 * one pays for all.
 */
export class FadingMap {
  readonly #moments = new Map<string, number>()
  readonly #entriesMax: number
  #sweep = this.#moments.entries()
  #oldest = this.#moments.entries()
  #lostUntilMs = Number.NEGATIVE_INFINITY

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax
  }

  /** How many are held, faded ones that were not swept yet included. */
  get size(): number {
    return this.#moments.size
  }

  /** The moment, or null when there is none, or it has passed. */
  get(name: string, nowMs: number): number | null {
    const momentMs = this.#moments.get(name)
    return momentMs === undefined || momentMs <= nowMs ? null : momentMs
  }

  set(name: string, momentMs: number, nowMs: number): void {
    this.#sweepSome(nowMs)
    // A Map iterates in the order of insertion: what is set again goes to the end.
    this.#moments.delete(name)
    this.#moments.set(name, momentMs)
    if (this.#moments.size > this.#entriesMax) this.#loseOldest()
  }

  /** Whether an entry that would still be held went for want of room. */
  hasLost(nowMs: number): boolean {
    return nowMs < this.#lostUntilMs
  }

  clear(): void {
    this.#moments.clear()
  }

  /**
   * All that this iterator has passed was lost, deleted or set again behind it, so it stands before
   * the oldest. A new one for each loss would walk over the places of all that went before, which
   * costs the more the harder the map is flooded.
   */
  #loseOldest(): void {
    let next = this.#oldest.next()
    if (next.done) {
      this.#oldest = this.#moments.entries()
      next = this.#oldest.next()
    }
    if (next.done) return
    const [name, momentMs] = next.value
    this.#moments.delete(name)
    this.#lostUntilMs = Math.max(this.#lostUntilMs, momentMs)
  }

  /** An iterator of a Map goes on from where it was, whatever was set or deleted since. */
  #sweepSome(nowMs: number): void {
    for (let swept = 0; swept < SWEPT_AT_ONCE; swept += 1) {
      const { done, value } = this.#sweep.next()
      if (done) {
        this.#sweep = this.#moments.entries()
        return
      }
      if (value[1] <= nowMs) this.#moments.delete(value[0])
    }
  }
}
