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

/** An answer that goes on. */
export interface OpenAnswer extends Omit<Answer, 'body'> {
  /** Its bytes as they come. */
  readonly chunks: AsyncIterable<Uint8Array>
  /** To be called in the end, read or not: it holds a connection. */
  close(): void
}

/**
 * Sends a request and resolves once the answer begins. Rejects as `exchange` does; so does reading
 * on when nothing came for `LIMITS.clientStreamQuietMsMax`. The size is for the reader to bound.
 */
export const openExchange = async (
  url: string,
  init: Pick<RequestInit, 'method' | 'headers'>,
  { fetch, clock }: TransportDeps,
  signal?: AbortSignal,
): Promise<OpenAnswer> => {
  const ending = new AbortController()
  const signals = signal === undefined ? [ending.signal] : [ending.signal, signal]
  const awaited: Awaited = async (coming, ms) => {
    const timer = new AbortController()
    void clock.sleep(ms, timer.signal).then(() => timer.signal.aborted || ending.abort())
    try {
      return await coming
    } catch (error) {
      signal?.throwIfAborted()
      const why = ending.signal.aborted ? 'nothing came in time' : 'the connection failed'
      throw new HubUnreachable(`${why}: ${new URL(url).origin}`, { cause: error })
    } finally {
      timer.abort()
    }
  }
  const sending = fetch(url, { ...init, ...GUARDED, signal: AbortSignal.any(signals) })
  const { status, headers, body } = await awaited(sending, LIMITS.clientAnswerMsMax)
  const chunks = body === null ? nothing() : chunksOf(body.getReader(), awaited)
  return { status, headers, chunks, close: () => ending.abort() }
}

/** What `coming` gives, or `HubUnreachable` after `ms`. */
type Awaited = <T>(coming: Promise<T>, ms: number) => Promise<T>

async function* chunksOf(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  awaited: Awaited,
): AsyncGenerator<Uint8Array, void> {
  for (;;) {
    const { done, value } = await awaited(reader.read(), LIMITS.clientStreamQuietMsMax)
    if (done) return
    yield value
  }
}

async function* nothing(): AsyncGenerator<Uint8Array, void> {
  // An answer without a body.
}

/** The rest of an answer that goes on, for one that does not; bounded as `exchange` is. */
export const wholeOf = async (answer: OpenAnswer): Promise<Answer> => {
  const { status, headers, chunks } = answer
  try {
    return { status, headers, body: await gathered(chunks) }
  } finally {
    answer.close()
  }
}

/** A redirect could carry the access token elsewhere; a cache could keep content. */
const GUARDED = {
  redirect: 'error',
  credentials: 'omit',
  cache: 'no-store',
  referrerPolicy: 'no-referrer',
} as const

const bounded = async (response: Response): Promise<Uint8Array> =>
  response.body === null ? new Uint8Array() : gathered(partsOf(response.body.getReader()))

async function* partsOf(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value
  } finally {
    await reader.cancel()
  }
}

const gathered = async (chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> => {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of chunks) {
    length += part.length
    if (length > LIMITS.clientAnswerBytesMax) {
      throw new HubMisbehaved('answer-too-large', `more than ${LIMITS.clientAnswerBytesMax} bytes`)
    }
    parts.push(part)
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
