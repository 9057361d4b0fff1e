import type { FastifyInstance, FastifyRequest } from 'fastify'
import { sendRefusal } from '#adapters/http/refusals.ts'
import { isCaseReference, PURPOSE_CODES, type Purpose } from '#core/access-record.ts'
import { base64, hex } from '#core/bytes.ts'
import { LIMITS } from '#core/limits.ts'
import { accept, type Result, refuse } from '#core/refusal.ts'
import { type Acknowledgement, acknowledgeAlert } from '#services/gateway/acknowledge-alert.ts'
import { type AlertParams, alertNameFrom } from '#services/gateway/alert-params.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { DOCS } from '#services/gateway/docs.ts'
import { readerWithin } from '#services/gateway/reader.ts'

/** POST /v1/alerts/{origin}/{id}/acknowledgements: it has come. Without a body, or `{ purpose }`. */
export const acknowledgementRoute = (app: FastifyInstance, deps: GatewayDeps): void => {
  app.post<{ Params: AlertParams }>(
    '/v1/alerts/:origin/:id/acknowledgements',
    { bodyLimit: LIMITS.acknowledgementBytesMax, config: { doc: DOCS.acknowledge } },
    async (request, reply) => {
      const reader = await readerWithin(deps, request, 'reads')
      if (!reader.ok) return sendRefusal(reply, reader.refusal)
      const name = alertNameFrom(request)
      if (!name.ok) return sendRefusal(reply, name.refusal)
      const purpose = purposeFrom(request, reader.value.purpose)
      if (!purpose.ok) return sendRefusal(reply, purpose.refusal)
      const asked = { ...reader.value, purpose: purpose.value }
      const acknowledged = await acknowledgeAlert(deps, asked, name.value)
      if (!acknowledged.ok) return sendRefusal(reply, acknowledged.refusal)
      reply.code(201).header('cache-control', 'private, no-store')
      return reply.send(viewOf(acknowledged.value))
    },
  )
}

/** The purpose of the body, or that of the header; not both, which could contradict each other. */
const purposeFrom = (
  { body }: FastifyRequest,
  ofHeader: Purpose | null,
): Result<Purpose | null> => {
  if (body === undefined || body === null) return accept(ofHeader)
  const { purpose, ...others } = membersOf(body) ?? { body }
  if (Object.keys(others).length > 0) return refuse('request-invalid', 'body')
  if (purpose === undefined) return accept(ofHeader)
  const { code, caseReference = null, ...rest } = membersOf(purpose) ?? {}
  const known = PURPOSE_CODES.find((one) => one === code)
  const isNamed = typeof caseReference === 'string' && isCaseReference(caseReference)
  const isStray = ofHeader !== null || Object.keys(rest).length > 0
  if (known === undefined || isStray || !(caseReference === null || isNamed)) {
    return refuse('request-invalid', 'purpose')
  }
  return accept({ code: known, caseReference })
}

/** Null when the value is no JSON object. */
const membersOf = (value: unknown): Readonly<Record<string, unknown>> | null =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
    ? { ...value }
    : null

const viewOf = ({ origin, id, digest, record }: Acknowledgement) => ({
  origin,
  id,
  digest: hex(digest),
  record: { index: record.index, bytes: base64(record.bytes) },
})
