import type { FastifyRequest } from 'fastify'
import { isCaseReference, PURPOSE_CODES, type Purpose } from '#core/access-record.ts'
import { accept, type Result, refuse } from '#core/refusal.ts'

/** Why the caller asks: `Rabta-Purpose: INVESTIGATION FIR-12/2026`. Optional; never free text. */
export const purposeOf = (request: FastifyRequest): Result<Purpose | null> => {
  const header = request.headers['rabta-purpose']
  if (header === undefined) return accept(null)
  const [code, caseReference, ...rest] = String(header).split(' ')
  const known = PURPOSE_CODES.find((one) => one === code)
  if (known === undefined || rest.length > 0) return refuse('request-invalid', 'Rabta-Purpose')
  if (caseReference === undefined) return accept({ code: known, caseReference: null })
  return isCaseReference(caseReference)
    ? accept({ code: known, caseReference })
    : refuse('request-invalid', 'Rabta-Purpose')
}
