import type { FastifyInstance } from 'fastify'
import { sendRefusal } from '#adapters/http/refusals.ts'
import { base64 } from '#core/bytes.ts'
import { type AlertParams, alertNameFrom } from '#services/gateway/alert-params.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { DOCS } from '#services/gateway/docs.ts'
import { readAlert } from '#services/gateway/read-alert.ts'
import { readerWithin } from '#services/gateway/reader.ts'
import type { Released } from '#services/gateway/release.ts'

/** GET /v1/alerts/{origin}/{id}/export: to take it out of the hub as evidence in a case. */
export const exportRoute = (app: FastifyInstance, deps: GatewayDeps): void => {
  app.get<{ Params: AlertParams }>(
    '/v1/alerts/:origin/:id/export',
    { config: { doc: DOCS.exportAlert } },
    async (request, reply) => {
      const reader = await readerWithin(deps, request, 'reads')
      if (!reader.ok) return sendRefusal(reply, reader.refusal)
      const name = alertNameFrom(request)
      if (!name.ok) return sendRefusal(reply, name.refusal)
      // Asked before anything is looked up, so it says nothing of what there is.
      if (!reader.value.purpose?.caseReference) return sendRefusal(reply, { code: 'case-missing' })
      const released = await readAlert(deps, reader.value, 'EXPORT', name.value)
      if (!released.ok) return sendRefusal(reply, released.refusal)
      return reply.header('cache-control', 'private, no-store').send(viewOf(released.value))
    },
  )
}

const viewOf = ({ origin, id, signedAlert, stampBytes, record }: Released) => ({
  origin,
  id,
  signedAlert: base64(signedAlert),
  stamp: base64(stampBytes),
  record: { index: record.index, bytes: base64(record.bytes) },
})
