import { LIMITS } from '#core/limits.ts'

/**
 * How long to wait before trying once more, in milliseconds; null: do not. Only what the hub itself
 * puts off (503 with Retry-After) is tried again, `LIMITS.clientAttemptsMax` times in all.
 * `chance`: 0 to 1, so that clients which were put off together do not come back together.
 */
export const retryWaitMs = (
  failed: { readonly status: number; readonly retryAfterMs: number | null },
  attempt: number,
  chance: number,
): number | null => {
  const { status, retryAfterMs } = failed
  if (status !== 503 || retryAfterMs === null || attempt >= LIMITS.clientAttemptsMax) return null
  if (retryAfterMs > LIMITS.clientRetryMsMax) return null
  const backoffMs = LIMITS.clientRetryMsMin * 2 ** (attempt - 1)
  const waitMs = Math.max(retryAfterMs, backoffMs) * (1 + chance / 2)
  return Math.min(waitMs, LIMITS.clientRetryMsMax)
}
