import { HubMisbehaved, HubUnreachable } from '#clients/sdk/errors.ts'
import { LIMITS } from '#core/limits.ts'
import type { Clock } from '#core/ports/clock.ts'

/** One HTTP exchange: what was answered, whole, within bounds of time and size. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array
}

export interface TransportDeps {
  readonly fetch: typeof fetch
  readonly clock: Clock
}

/**
 * Sends a request and reads the answer of any status. Rejects with `HubUnreachable` when none came
 * within `LIMITS.clientAnswerMsMax`, with `HubMisbehaved` when it is longer than
 * `LIMITS.clientAnswerBytesMax`, with the signal's reason when `signal` aborts.
 */
export const exchange = async (
  url: string,
  init: Pick<RequestInit, 'method' | 'headers' | 'body'>,
  { fetch, clock }: TransportDeps,
  signal?: AbortSignal,
): Promise<Answer> => {
  const ending = new AbortController()
  const timer = new AbortController()
  void clock.sleep(LIMITS.clientAnswerMsMax, timer.signal).then(() => ending.abort())
  try {
    const signals = signal === undefined ? [ending.signal] : [ending.signal, signal]
    const response = await fetch(url, { ...init, ...GUARDED, signal: AbortSignal.any(signals) })
    const { status, headers } = response
    return { status, headers, body: await bounded(response) }
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof HubMisbehaved) throw error
    const why = ending.signal.aborted ? 'no answer in time' : 'the connection failed'
    throw new HubUnreachable(`${why}: ${new URL(url).origin}`, { cause: error })
  } finally {
    timer.abort()
  }
}

/** A redirect could carry the access token elsewhere; a cache could keep content. */
const GUARDED = {
  redirect: 'error',
  credentials: 'omit',
  cache: 'no-store',
  referrerPolicy: 'no-referrer',
} as const

const bounded = async (response: Response): Promise<Uint8Array> => {
  const parts: Uint8Array[] = []
  let length = 0
  const reader = response.body?.getReader()
  for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
    length += part.value.length
    if (length > LIMITS.clientAnswerBytesMax) {
      await reader?.cancel()
      throw new HubMisbehaved('answer-too-large', `more than ${LIMITS.clientAnswerBytesMax} bytes`)
    }
    parts.push(part.value)
  }
  return joined(parts, length)
}

const joined = (parts: readonly Uint8Array[], length: number): Uint8Array => {
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
