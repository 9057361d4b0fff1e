import { HubMisbehaved, HubRefusal, HubUnreachable } from '#clients/sdk/errors.ts'
import {
  countShape,
  listOf,
  Misshapen,
  namedShape,
  objectOf,
  type Shape,
  textShape,
} from '#clients/sdk/shape.ts'
import type { Answer } from '#clients/sdk/transport.ts'
import { fromUtf8 } from '#core/bytes.ts'
import { LIMITS } from '#core/limits.ts'

/** The JSON of an answer. Throws `HubMisbehaved` naming the member that is not as published. */
export const jsonFrom = <T>(answer: Answer, shape: Shape<T>): T => {
  try {
    return shape(JSON.parse(fromUtf8(answer.body) ?? ''), '')
  } catch (error) {
    if (error instanceof Misshapen) throw new HubMisbehaved('answer-malformed', error.message)
    throw new HubMisbehaved('answer-malformed', 'the body is not JSON')
  }
}

/** The error that an answer of status 400 or more stands for. */
export const errorFrom = (answer: Answer): HubRefusal | HubUnreachable | HubMisbehaved => {
  const { status } = answer
  const problem = problemFrom(answer)
  if (problem !== null) return new HubRefusal(problem)
  if (PROXY_STATUSES.includes(status)) return new HubUnreachable(`a proxy answered ${status}`)
  return new HubMisbehaved('answer-malformed', `${status} without a problem document`)
}

/** What a proxy in between says when it cannot reach the hub. */
const PROXY_STATUSES: readonly number[] = [502, 503, 504]

/** How long the answer asks to wait, in milliseconds; null when it does not, or by a date. */
const retryAfterMsFrom = ({ headers }: Answer): number | null => {
  const seconds = headers.get('retry-after') ?? ''
  return /^\d{1,6}$/.test(seconds) ? Number(seconds) * 1_000 : null
}

const isCode = (text: string): text is string => /^[a-z][a-z0-9-]{0,63}$/.test(text)
const plainText = textShape(LIMITS.clientTextCharactersMax)

const orNull =
  <T>(shape: Shape<T>): Shape<T | null> =>
  (value, at) =>
    value === undefined ? null : shape(value, at)

const problemShape = objectOf({
  status: countShape,
  code: namedShape(isCode),
  title: plainText,
  detail: orNull(plainText),
  reasons: orNull(listOf(namedShape(isCode), LIMITS.pageItemsMax)),
  remedy: orNull(plainText),
  requestId: orNull(plainText),
})

const problemFrom = (answer: Answer) => {
  const type = answer.headers.get('content-type') ?? ''
  if (!/^application\/problem\+json\s*(?:;|$)/i.test(type)) return null
  try {
    const { reasons, ...problem } = problemShape(JSON.parse(fromUtf8(answer.body) ?? ''), '')
    const { status } = answer
    return { ...problem, status, reasons: reasons ?? [], retryAfterMs: retryAfterMsFrom(answer) }
  } catch {
    // A document that says itself to be a problem and is none: the caller names that.
    return null
  }
}
