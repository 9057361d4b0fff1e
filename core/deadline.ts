import type { Clock } from '#core/ports/clock.ts'
import { OutcomeUnknown } from '#core/ports/message-log.ts'

/**
 * What `promise` resolves with, or a rejection with OutcomeUnknown once `ms` have passed: what was
 * under way goes on, but nobody waits for it any longer.
 */
export const within = async <T>(
  promise: Promise<T>,
  ms: number,
  { clock, why }: { readonly clock: Clock; readonly why: string },
): Promise<T> => {
  const timer = new AbortController()
  const late = clock.sleep(ms, timer.signal).then(() => LATE)
  // The loser of the race must not end the process as an unhandled rejection.
  promise.catch(() => undefined)
  const first = await Promise.race([promise, late]).finally(() => timer.abort(OVER))
  if (first === LATE) throw new OutcomeUnknown(why)
  return first as T
}

/** As `within`, for work that gives up when its signal aborts: then it does not go on unseen. */
export const withDeadline = async <T>(
  work: (signal: AbortSignal) => Promise<T>,
  ms: number,
  options: { readonly clock: Clock; readonly why: string },
): Promise<T> => {
  const deadline = new AbortController()
  return within(work(deadline.signal), ms, options).finally(() => deadline.abort(OVER))
}

const LATE = Symbol('late')
/** Given as the reason, which nobody looks at: else the platform makes an error, with its stack. */
const OVER = Symbol('over')
