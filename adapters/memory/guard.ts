import { FadingMap } from '#adapters/memory/fading-map.ts'
import { LIMITS } from '#core/limits.ts'
import type { Clock } from '#core/ports/clock.ts'
import type { Guard, Rate, Taken } from '#core/ports/guard.ts'

/**
 * A guard of one process. Holds `entriesMax` marks and as many buckets; what must be forgotten
 * earlier than it should be makes the state `degraded` for as long as it would have mattered.
 */
export const openMemoryGuard = (options: {
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly entriesMax?: number
}): Guard => new MemoryGuard(options.clock, options.entriesMax ?? LIMITS.guardEntriesMax)

class MemoryGuard implements Guard {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  /** Until when each key is used up. */
  readonly #used: FadingMap
  /** When each bucket will be full again. Apart from the keys: whoever can make many buckets must
   * not be able to push those out. */
  readonly #fullAgain: FadingMap

  constructor(clock: Pick<Clock, 'monotonicMs'>, entriesMax: number) {
    this.#clock = clock
    this.#used = new FadingMap(entriesMax)
    this.#fullAgain = new FadingMap(entriesMax)
  }

  async useOnce(key: string, ttlMs: number): Promise<boolean> {
    const nowMs = this.#clock.monotonicMs()
    if (this.#used.get(key, nowMs) !== null) return false
    this.#used.set(key, nowMs + ttlMs, nowMs)
    return true
  }

  async take(bucket: string, rate: Rate): Promise<Taken> {
    const nowMs = this.#clock.monotonicMs()
    const { taken, nextFullMs } = this.#oneOf(bucket, nowMs, rate)
    if (taken.allowed) this.#fullAgain.set(bucket, nextFullMs, nowMs)
    return taken
  }

  async peek(bucket: string, rate: Rate): Promise<Taken> {
    return this.#oneOf(bucket, this.#clock.monotonicMs(), rate).taken
  }

  async charge(bucket: string, rate: Rate): Promise<void> {
    const nowMs = this.#clock.monotonicMs()
    const { nextFullMs } = this.#oneOf(bucket, nowMs, rate)
    const owedUntilMs = nowMs + (2 * rate.burst * 60_000) / rate.perMinute
    this.#fullAgain.set(bucket, Math.min(nextFullMs, owedUntilMs), nowMs)
  }

  #oneOf(bucket: string, nowMs: number, rate: Rate): ReturnType<typeof takeOne> {
    return takeOne(this.#fullAgain.get(bucket, nowMs) ?? nowMs, nowMs, rate)
  }

  state(): 'working' | 'degraded' {
    const nowMs = this.#clock.monotonicMs()
    return this.#used.hasLost(nowMs) || this.#fullAgain.hasLost(nowMs) ? 'degraded' : 'working'
  }

  async close(): Promise<void> {
    this.#used.clear()
    this.#fullAgain.clear()
  }
}

/** Above the rounding of sums of milliseconds, below what anyone can notice. */
const ROUNDING_MS = 0.001

/**
 * A token bucket as one number, the moment when it will be full (the «generic cell rate
 * algorithm»): to take one moves that moment on by one interval, which must not lead further ahead
 * than the whole bucket takes to fill.
 */
const takeOne = (
  fullAgainMs: number,
  nowMs: number,
  { perMinute, burst }: Rate,
): { readonly taken: Taken; readonly nextFullMs: number } => {
  const intervalMs = 60_000 / perMinute
  const nextFullMs = fullAgainMs + intervalMs
  const waitMs = nextFullMs - nowMs - burst * intervalMs
  return waitMs <= ROUNDING_MS
    ? { taken: { allowed: true }, nextFullMs }
    : { taken: { allowed: false, retryAfterMs: Math.ceil(waitMs) }, nextFullMs }
}
