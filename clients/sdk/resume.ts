import { HubRefusal, HubUnreachable } from '#clients/sdk/errors.ts'
import { retryWaitMs } from '#clients/sdk/retry.ts'
import { LIMITS } from '#core/limits.ts'

/**
 * How long to wait before a stream that broke is opened again, in milliseconds; null: do not.
 * `attempt`: 1 for the first since something came. A stream that was never open is given up as any
 * call is; one that was is taken up for as long as the hub is away or puts it off. `chance`: 0 to
 * 1, so that clients of a gateway that went down do not come back together.
 */
export const resumeWaitMs = (
  failed: unknown,
  { attempt, wasOpen }: { readonly attempt: number; readonly wasOpen: boolean },
  chance: number,
): number | null => {
  if (failed instanceof HubRefusal) {
    if (!wasOpen) return retryWaitMs(failed, attempt, chance)
    const { status, retryAfterMs } = failed
    if (status !== 503 && status !== 429) return null
    if (retryAfterMs === null || retryAfterMs > LIMITS.clientRetryMsMax) return null
    return Math.max(retryAfterMs, backoffMs(attempt, chance))
  }
  return failed instanceof HubUnreachable && wasOpen ? backoffMs(attempt, chance) : null
}

/** Grows by half at random on top, so that the least wait is kept and the greatest is too. */
export const backoffMs = (attempt: number, chance: number): number =>
  Math.min(LIMITS.clientRetryMsMin * 2 ** (attempt - 1) * (1 + chance / 2), LIMITS.clientRetryMsMax)
