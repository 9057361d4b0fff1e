/** Time as a value: handed in, so that a test can stand at midnight. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z by the machine's clock, which may jump. */
  nowMs(): number
  /** Milliseconds since some moment; never jumps, never goes back. For deadlines and ages. */
  monotonicMs(): number
  /** Resolves after `ms`, or at once when `signal` aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** `length` unpredictable bytes. */
export type RandomBytes = (length: number) => Uint8Array
