import type { FastifyInstance, FastifyReply } from 'fastify'
import { chooseType } from '#adapters/http/media-type.ts'
import { sendRefusal } from '#adapters/http/refusals.ts'
import { decodeAlert } from '#core/alert-codec.ts'
import { alertToJson } from '#core/alert-json.ts'
import { base64 } from '#core/bytes.ts'
import { ALERT_PAYLOAD_TYPE, envelopeFrom, SIGNED_ALERT_TYPE } from '#core/envelope.ts'
import { refuse } from '#core/refusal.ts'
import { type AlertParams, alertNameFrom } from '#services/gateway/alert-params.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { DOCS } from '#services/gateway/docs.ts'
import { readAlert } from '#services/gateway/read-alert.ts'
import { statusOf } from '#services/gateway/read-status.ts'
import { readerWithin } from '#services/gateway/reader.ts'
import type { Released } from '#services/gateway/release.ts'

const TYPES = [SIGNED_ALERT_TYPE, 'application/json'] as const

/** GET /v1/alerts/{origin}/{id}, and its status for the originator. */
export const alertRoutes = (app: FastifyInstance, deps: GatewayDeps): void => {
  app.get<{ Params: AlertParams }>(
    '/v1/alerts/:origin/:id',
    { config: { doc: DOCS.readAlert } },
    async (request, reply) => {
      const reader = await readerWithin(deps, request, 'reads')
      if (!reader.ok) return sendRefusal(reply, reader.refusal)
      const name = alertNameFrom(request)
      if (!name.ok) return sendRefusal(reply, name.refusal)
      const type = chooseType(request.headers.accept, TYPES)
      if (type === null)
        return sendRefusal(reply, refuse('not-acceptable', TYPES.join(', ')).refusal)
      const released = await readAlert(deps, reader.value, 'READ', name.value)
      if (!released.ok) return sendRefusal(reply, released.refusal)
      return sendReleased(reply, released.value, type)
    },
  )

  app.get<{ Params: AlertParams }>(
    '/v1/alerts/:origin/:id/status',
    { config: { doc: DOCS.status } },
    async (request, reply) => {
      const reader = await readerWithin(deps, request, 'reads')
      if (!reader.ok) return sendRefusal(reply, reader.refusal)
      const name = alertNameFrom(request)
      if (!name.ok) return sendRefusal(reply, name.refusal)
      const status = await statusOf(deps, reader.value, name.value)
      if (!status.ok) return sendRefusal(reply, status.refusal)
      return reply.header('cache-control', 'private, no-store').send(status.value)
    },
  )
}

/** The bytes as they were signed; stamp and record beside them in headers (RFC 8941 byte sequences). */
const sendReleased = (
  reply: FastifyReply,
  { signedAlert, stampBytes, record }: Released,
  type: (typeof TYPES)[number],
): FastifyReply => {
  reply
    .header('cache-control', 'private, no-store')
    .header('rabta-stamp', `:${base64(stampBytes)}:`)
    .header('rabta-record', `${record.index};bytes=:${base64(record.bytes)}:`)
    .type(type)
  return reply.send(type === SIGNED_ALERT_TYPE ? Buffer.from(signedAlert) : viewOf(signedAlert))
}

const viewOf = (signedAlert: Uint8Array): unknown => {
  const envelope = envelopeFrom(signedAlert, ALERT_PAYLOAD_TYPE)
  const alert = envelope.ok ? decodeAlert(envelope.value.payload) : envelope
  if (!alert.ok) throw new Error('an alert of the index does not decode')
  return alertToJson(alert.value)
}
