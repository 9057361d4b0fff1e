import type { FastifyRequest } from 'fastify'
import { isAgencyId } from '#core/agency.ts'
import type { AlertName } from '#core/alert.ts'
import { accept, type Result, refuse } from '#core/refusal.ts'
import { isUuid } from '#core/uuid.ts'

/** Of the routes under `/v1/alerts/:origin/:id`. */
export interface AlertParams {
  readonly origin: string
  readonly id: string
}

export const alertNameFrom = ({
  params,
}: FastifyRequest<{ Params: AlertParams }>): Result<AlertName> => {
  const { origin, id } = params
  if (!isAgencyId(origin)) return refuse('request-invalid', 'origin is not an agency’s name')
  if (!isUuid(id)) return refuse('request-invalid', 'id is not a UUID in lower case')
  return accept({ origin, id })
}
