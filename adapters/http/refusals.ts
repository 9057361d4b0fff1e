import type { FastifyReply } from 'fastify'
import { REFUSALS, type Refusal } from '#core/refusal.ts'

/** Statuses after which the same request may succeed later, and how long to wait, in seconds. */
const RETRY_AFTER_SECONDS: Readonly<Record<number, number>> = { 429: 1, 503: 1 }

/** Answers with a problem document (RFC 9457): the one place where a refusal becomes HTTP. */
export const sendRefusal = (reply: FastifyReply, refusal: Refusal): FastifyReply => {
  const [status, title, remedy] = REFUSALS[refusal.code]
  const retryAfter = RETRY_AFTER_SECONDS[status]
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter)
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="rabta"')
  return reply
    .code(status)
    .type('application/problem+json')
    .header('cache-control', 'no-store')
    .send({
      type: `urn:rabta:refusal:${refusal.code}`,
      title,
      status,
      code: refusal.code,
      ...(refusal.detail === undefined ? {} : { detail: refusal.detail }),
      ...(refusal.reasons === undefined ? {} : { reasons: refusal.reasons }),
      remedy,
      requestId: reply.request.id,
    })
}
