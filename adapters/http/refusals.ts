import type { FastifyReply } from 'fastify'
import { REFUSALS, type Refusal } from '#core/refusal.ts'

/** Statuses after which the same request may succeed later, and how long to wait, in seconds. */
const RETRY_AFTER_SECONDS: Readonly<Record<number, number>> = { 429: 1, 503: 1 }

/** Whole seconds (RFC 9110 §10.2.3), never less than what is meant. */
const retryAfterSeconds = ({ retryAfterMs }: Refusal): number | undefined =>
  retryAfterMs === undefined ? undefined : Math.max(1, Math.ceil(retryAfterMs / 1_000))

/** Answers with a problem document (RFC 9457): the one place where a refusal becomes HTTP. */
export const sendRefusal = (reply: FastifyReply, refusal: Refusal): FastifyReply => {
  const problem = problemOf(refusal, reply.request.id)
  reply.server.metrics.count('rabta_refusals_total', { code: refusal.code })
  const retryAfter = retryAfterSeconds(refusal) ?? RETRY_AFTER_SECONDS[problem.status]
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter)
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="rabta"')
  return reply
    .code(problem.status)
    .type('application/problem+json')
    .header('cache-control', 'no-store')
    .send(problem)
}

export const problemOf = ({ code, detail, reasons }: Refusal, requestId: string) => {
  const [status, title, remedy] = REFUSALS[code]
  return {
    type: `urn:rabta:refusal:${code}`,
    title,
    status,
    code,
    ...(detail === undefined ? {} : { detail }),
    ...(reasons === undefined ? {} : { reasons }),
    remedy,
    requestId,
  }
}
