import { Type } from 'typebox'
import type { Schemas } from '#adapters/http/route-doc.ts'
import { CASE_REFERENCE_PATTERN, PURPOSE_CODES } from '#core/access-record.ts'
import { AGENCY_PATTERN } from '#core/agency.ts'
import { LIMITS } from '#core/limits.ts'
import { UUID_PATTERN } from '#core/uuid.ts'

/** The words that answers are made of; one that has a title becomes a component of the document. */
export const Agency = Type.String({
  pattern: AGENCY_PATTERN.source,
  description: 'An agency’s short name.',
  examples: ['ctd-kp'],
})
export const Uuid = Type.String({
  pattern: UUID_PATTERN.source,
  description: 'RFC 9562, lower case.',
})
export const Principal = Type.String({ description: 'AGENCY/NAME', examples: ['ctd-kp/analyst'] })
export const Digest = Type.String({
  pattern: '^[0-9a-f]{64}$',
  description: 'SHA-256, hexadecimal.',
})
export const Base64 = Type.String({
  contentEncoding: 'base64',
  pattern: '^[A-Za-z0-9+/]*={0,2}$',
})
export const Count = Type.Integer({ minimum: 0 })
export const TimeMs = Type.Integer({
  description: 'Milliseconds since 1970-01-01T00:00:00Z.',
})
export const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()])

/** A closed object: what it does not name, no answer has. */
export const closed = <T extends Parameters<typeof Type.Object>[0]>(
  properties: T,
  title?: string,
) =>
  Type.Object(properties, {
    additionalProperties: false,
    ...(title === undefined ? {} : { title }),
  })

export const oneOf = <T extends string>(choices: readonly T[]) => Type.Enum([...choices])

/** An access record that was written before the answer: verify it by its inclusion proof. */
export const GivenRecord = closed({ index: Count, bytes: Base64 }, 'GivenRecord')

/** Bytes that are the whole body. */
export const Bytes = Type.String({ contentMediaType: 'application/octet-stream' })

export const ALERT_NAME: Schemas = { origin: Agency, id: Uuid }

const CASE_REFERENCE = CASE_REFERENCE_PATTERN.source.slice(1, -1)

export const PURPOSE: Schemas = {
  'Rabta-Purpose': Type.Optional(
    Type.String({
      description: 'Why you ask: a code, and a case reference if there is one. Goes on record.',
      pattern: `^(?:${PURPOSE_CODES.join('|')})(?: ${CASE_REFERENCE})?$`,
      examples: ['INVESTIGATION FIR-12/2026'],
    }),
  ),
}

export const acceptHeader = (types: readonly string[]): Schemas => ({
  Accept: Type.Optional(
    Type.String({ description: `One of ${types.join(', ')}; the first when it is absent.` }),
  ),
})

/** What every answer about alerts and records carries. */
export const PRIVATE: Schemas = { 'Cache-Control': Type.Literal('private, no-store') }

export const IMMUTABLE: Schemas = {
  'Cache-Control': Type.Literal('public, max-age=31536000, immutable'),
}

export const Cursor = Type.String({
  maxLength: LIMITS.cursorCharactersMax,
  description: 'Where to go on from, with the same filter; good on every gateway.',
})
