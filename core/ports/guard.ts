/**
 * What may be forgotten at any time without harm to what is promised: single-use marks and rate
 * limits. A guard that cannot answer in time answers as if it had forgotten, and says so in `state`.
 */
export interface Guard {
  /** True the first time `key` is used within `ttlMs`; false afterwards. Atomic. */
  useOnce(key: string, ttlMs: number): Promise<boolean>
  /** Takes one from the bucket if it holds one; else says how long until it does. Atomic. */
  take(bucket: string, rate: Rate): Promise<Taken>
  /** What `take` would answer; takes nothing. */
  peek(bucket: string, rate: Rate): Promise<Taken>
  /**
   * Takes one that was used already, whether the bucket holds one or not: for what is counted only
   * when its outcome is known. What many at once use beyond the bucket they owe, up to `burst`.
   */
  charge(bucket: string, rate: Rate): Promise<void>
  state(): 'working' | 'degraded'
  close(): Promise<void>
}

/** A token bucket: holds `burst` at most, refilled evenly at `perMinute`. */
export interface Rate {
  readonly perMinute: number
  readonly burst: number
}

export type Taken =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly retryAfterMs: number }

/**
 * Where the guards of several processes meet. Counts by its own clock. Whatever it is asked it may
 * reject, or leave unanswered, when it is gone; it comes back by itself.
 */
export interface GuardStore extends Omit<Guard, 'state'> {
  /** Resolves when it would answer. */
  ping(): Promise<void>
}
