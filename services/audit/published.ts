import type { SignedCheckpoint } from '#core/last-checkpoint.ts'
import { LIMITS } from '#core/limits.ts'
import type { Clock } from '#core/ports/clock.ts'

export const noteText = ({ note }: SignedCheckpoint): string => new TextDecoder().decode(note)

/** The newest checkpoint that anyone may see — it is durable, and so is all that it covers — and a place to wait for a later one. */
export class Published {
  private newest: SignedCheckpoint | null = null
  private readonly waiting = new Set<() => void>()

  /** Null until the service has restored its tree. */
  get current(): SignedCheckpoint | null {
    return this.newest
  }

  set(checkpoint: SignedCheckpoint): void {
    this.newest = checkpoint
    for (const wake of this.waiting) wake()
    this.waiting.clear()
  }

  /** The newest checkpoint once it covers leaf `index`; null when that takes longer than `waitMs`. */
  async covering(index: number, clock: Clock, waitMs: number): Promise<SignedCheckpoint | null> {
    const timer = new AbortController()
    const late = clock.sleep(waitMs, timer.signal).then(() => 'late' as const)
    try {
      while (!this.covers(index)) {
        if (this.waiting.size >= LIMITS.proofsWaitingMax) return null
        const { promise, resolve } = Promise.withResolvers<void>()
        this.waiting.add(resolve)
        const first = await Promise.race([promise, late])
        this.waiting.delete(resolve)
        if (first === 'late') return null
      }
      return this.newest
    } finally {
      timer.abort()
    }
  }

  private covers(index: number): boolean {
    return this.newest !== null && index < this.newest.size
  }
}
