import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { sendRefusal } from '#adapters/http/refusals.ts'
import { base64, hex } from '#core/bytes.ts'
import { SIGNED_ALERT_TYPE } from '#core/envelope.ts'
import { LIMITS } from '#core/limits.ts'
import { laneOf } from '#core/rates.ts'
import { type RefusalCode, refuse } from '#core/refusal.ts'
import { type Accepted, acceptAlert, refuseWithRecord } from '#services/gateway/accept-alert.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { DOCS } from '#services/gateway/docs.ts'
import { peekRate } from '#services/gateway/rates.ts'
import { readerOf } from '#services/gateway/reader.ts'

/** POST /v1/alerts: takes a signed alert. 201 when it is new, 200 when these bytes were there. */
export const publishRoute = (app: FastifyInstance, deps: GatewayDeps): void => {
  app.post(
    '/v1/alerts',
    {
      config: { doc: DOCS.publish },
      bodyLimit: LIMITS.signedAlertBytesMax,
      // Before the body: who is not known may not have one read.
      onRequest: async (request, reply) => {
        const reader = await readerOf(deps, request)
        if (!reader.ok) return sendRefusal(reply, reader.refusal)
        const limited = await peekRate(deps, reader.value, 'refused-publications')
        if (limited !== null) return sendRefusal(reply, limited)
      },
      errorHandler: (error, request, reply) => refuseBody(deps, { error, request, reply }),
    },
    async (request, reply) => {
      // Asked again: the standing may have changed while the body came.
      const reader = await readerOf(deps, request)
      if (!reader.ok) return sendRefusal(reply, reader.refusal)
      // Without a record: the room that is left is for those that nothing can be released without.
      if (deps.disk.isLow) return sendRefusal(reply, { code: 'disk-low' })
      if (!(request.body instanceof Uint8Array)) {
        const { refusal } = refuse('media-type-unsupported', SIGNED_ALERT_TYPE)
        await refuseWithRecord(deps, reader.value, null, refusal)
        return sendRefusal(reply, refusal)
      }
      const accepted = await acceptAlert(deps, { ...reader.value, signedAlert: request.body })
      if (!accepted.ok) return sendRefusal(reply, accepted.refusal)
      const { isNew, alert } = accepted.value
      const outcome = isNew ? 'accepted' : 'already-there'
      deps.metrics.count('rabta_publications_total', { lane: laneOf(alert), outcome })
      return reply
        .code(isNew ? 201 : 200)
        .header('location', `/v1/alerts/${alert.origin}/${alert.id}`)
        .send(viewOf(accepted.value))
    },
  )
}

const UNREAD_BODIES: Readonly<Record<string, RefusalCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'alert-too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'media-type-unsupported',
}

/** A body that was not read was sent by somebody known, so its refusal is on record too. */
const refuseBody = async (
  deps: GatewayDeps,
  {
    error,
    request,
    reply,
  }: {
    readonly error: FastifyError
    readonly request: FastifyRequest
    readonly reply: FastifyReply
  },
): Promise<FastifyReply> => {
  const code = UNREAD_BODIES[error.code]
  // Whatever else it is, the server's own table of errors answers it.
  if (code === undefined) throw error
  const reader = await readerOf(deps, request)
  if (!reader.ok) return sendRefusal(reply, reader.refusal)
  await refuseWithRecord(deps, reader.value, null, { code })
  return sendRefusal(reply, { code })
}

const viewOf = ({ alert, digest, acceptedAtMs, record }: Accepted) => ({
  origin: alert.origin,
  id: alert.id,
  digest: hex(digest),
  acceptedAtMs,
  record: { index: record.index, bytes: base64(record.bytes) },
})
