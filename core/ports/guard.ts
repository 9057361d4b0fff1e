/**
 * What may be forgotten at any time without harm to what is promised: single-use marks and rate
 * limits. A guard that cannot answer in time answers as if it had forgotten, and says so in `state`.
 */
export interface Guard {
  /** True the first time `key` is used within `ttlMs`; false afterwards. Atomic. */
  useOnce(key: string, ttlMs: number): Promise<boolean>
  /** Takes one from the bucket if it holds one; else says how long until it does. */
  take(bucket: string, rate: Rate): Promise<Taken>
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
