import type { FastifyInstance } from 'fastify'
import { sendRefusal } from '#adapters/http/refusals.ts'
import { base64, hex } from '#core/bytes.ts'
import { SIGNED_ALERT_TYPE } from '#core/envelope.ts'
import { refuse } from '#core/refusal.ts'
import { type Accepted, acceptAlert } from '#services/gateway/accept-alert.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { readerOf } from '#services/gateway/reader.ts'

/** POST /v1/alerts: takes a signed alert. 201 when it is new, 200 when these bytes were there. */
export const publishRoute = (app: FastifyInstance, deps: GatewayDeps): void => {
  app.post('/v1/alerts', async (request, reply) => {
    const reader = await readerOf(deps, request)
    if (!reader.ok) return sendRefusal(reply, reader.refusal)
    if (!(request.body instanceof Uint8Array)) {
      return sendRefusal(reply, refuse('media-type-unsupported', SIGNED_ALERT_TYPE).refusal)
    }
    const accepted = await acceptAlert(deps, { ...reader.value, signedAlert: request.body })
    if (!accepted.ok) return sendRefusal(reply, accepted.refusal)
    const { isNew, alert } = accepted.value
    return reply
      .code(isNew ? 201 : 200)
      .header('location', `/v1/alerts/${alert.origin}/${alert.id}`)
      .send(viewOf(accepted.value))
  })
}

const viewOf = ({ alert, digest, acceptedAtMs, record }: Accepted) => ({
  origin: alert.origin,
  id: alert.id,
  digest: hex(digest),
  acceptedAtMs,
  record: { index: record.index, bytes: base64(record.bytes) },
})
