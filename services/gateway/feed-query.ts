import { type Static, Type } from 'typebox'
import { type AgencyId, isAgencyId } from '#core/agency.ts'
import { CLASSIFICATIONS } from '#core/classification.ts'
import { ALL_JURISDICTIONS } from '#core/jurisdiction.ts'
import { KINDS } from '#core/kind.ts'
import { LIMITS } from '#core/limits.ts'
import type { FeedFilter } from '#core/ports/alert-index.ts'
import { PRECEDENCES } from '#core/precedence.ts'
import { accept, type Result, refuse } from '#core/refusal.ts'

const list = Type.Optional(
  Type.String({ maxLength: LIMITS.filterCharactersMax, description: 'Alternatives, by commas.' }),
)

/** What page and stream have in common: where to begin, and the filter. */
export const FeedQuery = Type.Object(
  {
    from: Type.String({
      default: 'earliest',
      maxLength: LIMITS.cursorCharactersMax,
      description: 'earliest, now, or the cursor of an earlier answer.',
    }),
    jurisdiction: list,
    classification: list,
    precedence: list,
    kind: list,
    origin: list,
  },
  { additionalProperties: false },
)
export type FeedQuery = Static<typeof FeedQuery>

export const filterFrom = (query: FeedQuery): Result<FeedFilter> => {
  const jurisdictions = choices(query.jurisdiction, ALL_JURISDICTIONS)
  const classifications = choices(query.classification, CLASSIFICATIONS)
  const precedences = choices(query.precedence, PRECEDENCES)
  const kinds = choices(query.kind, KINDS)
  const origins = agencies(query.origin)
  if (jurisdictions === 'unknown') return refuse('request-invalid', 'jurisdiction')
  if (classifications === 'unknown') return refuse('request-invalid', 'classification')
  if (precedences === 'unknown') return refuse('request-invalid', 'precedence')
  if (kinds === 'unknown') return refuse('request-invalid', 'kind')
  if (origins === 'unknown') return refuse('request-invalid', 'origin')
  return accept({ jurisdictions, classifications, precedences, kinds, origins })
}

/** Sorted, each once, so that the same filter said otherwise is the same filter to a cursor. */
const choices = <T extends string>(
  text: string | undefined,
  known: readonly T[],
): readonly T[] | null | 'unknown' => {
  if (text === undefined) return null
  const asked = text.split(',')
  if (asked.some((one) => !known.some((choice) => choice === one))) return 'unknown'
  return known.filter((choice) => asked.includes(choice))
}

const agencies = (text: string | undefined): readonly AgencyId[] | null | 'unknown' => {
  if (text === undefined) return null
  const asked = text.split(',')
  return asked.every(isAgencyId) ? [...new Set(asked)].sort() : 'unknown'
}
