import { setTimeout } from 'node:timers/promises'
import { BrokerFault } from '#adapters/kafka/fetch.ts'
import { LIMITS } from '#core/limits.ts'
import { LogUnavailable } from '#core/ports/message-log.ts'

/** Tries `attempt` again while it meets faults that may pass; `LogUnavailable` after `msMax`. */
export const patiently = async <T>(msMax: number, attempt: () => Promise<T>): Promise<T> => {
  const deadline = new AbortController()
  const expired = setTimeout(msMax, undefined, { signal: deadline.signal }).then(
    () => 'expired' as const,
    () => 'expired' as const,
  )
  let fault: unknown
  const outcome = trying(attempt, deadline.signal, (error) => {
    fault = error
  })
  const first = await Promise.race([outcome, expired])
  deadline.abort()
  if (first !== 'expired') return first.value
  throw new LogUnavailable(`no answer within ${msMax} ms (${fault ?? 'and no fault'})`)
}

const trying = async <T>(
  attempt: () => Promise<T>,
  signal: AbortSignal,
  onFault: (error: unknown) => void,
): Promise<{ readonly value: T }> => {
  for (let faults = 0; ; faults += 1) {
    try {
      return { value: await attempt() }
    } catch (error) {
      if (!(error instanceof BrokerFault) || signal.aborted) throw error
      onFault(error)
      const ms = Math.min(50 * 2 ** faults, LIMITS.logRetryMsMax)
      await setTimeout(ms, undefined, { signal }).catch(() => 'expired')
    }
  }
}
