import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import { sendRefusal } from '#adapters/http/refusals.ts'
import { type AgencyId, isAgencyId } from '#core/agency.ts'
import { base64 } from '#core/bytes.ts'
import { CLASSIFICATIONS } from '#core/classification.ts'
import { ALL_JURISDICTIONS } from '#core/jurisdiction.ts'
import { KINDS } from '#core/kind.ts'
import { LIMITS } from '#core/limits.ts'
import type { FeedFilter } from '#core/ports/alert-index.ts'
import { PRECEDENCES } from '#core/precedence.ts'
import { accept, type Result, refuse } from '#core/refusal.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { readFeed } from '#services/gateway/read-feed.ts'
import { readerOf } from '#services/gateway/reader.ts'
import type { Released } from '#services/gateway/release.ts'

const list = Type.Optional(
  Type.String({ maxLength: LIMITS.filterCharactersMax, description: 'Alternatives, by commas.' }),
)

const Query = Type.Object(
  {
    from: Type.String({
      default: 'earliest',
      maxLength: LIMITS.cursorCharactersMax,
      description: 'earliest, now, or the cursor of an earlier answer.',
    }),
    limit: Type.Integer({ minimum: 1, maximum: LIMITS.pageItemsMax, default: 100 }),
    jurisdiction: list,
    classification: list,
    precedence: list,
    kind: list,
    origin: list,
  },
  { additionalProperties: false },
)
type Query = Static<typeof Query>

/** GET /v1/feed: one page of what the caller may read, each alert with its access record. */
export const feedRoute = (app: FastifyInstance, deps: GatewayDeps): void => {
  app.get<{ Querystring: Query }>(
    '/v1/feed',
    { schema: { querystring: Query } },
    async (request, reply) => {
      const reader = await readerOf(deps, request)
      if (!reader.ok) return sendRefusal(reply, reader.refusal)
      const filter = filterFrom(request.query)
      if (!filter.ok) return sendRefusal(reply, filter.refusal)
      const { from, limit } = request.query
      const page = await readFeed(deps, reader.value, { from, limit, filter: filter.value })
      if (!page.ok) return sendRefusal(reply, page.refusal)
      const { items, next, isEnd } = page.value
      reply.header('cache-control', 'private, no-store')
      return { items: items.map(itemView), next, isEnd }
    },
  )
}

const itemView = ({ origin, id, signedAlert, stampBytes, record }: Released) => ({
  origin,
  id,
  signedAlert: base64(signedAlert),
  stamp: base64(stampBytes),
  record: { index: record.index, bytes: base64(record.bytes) },
})

const filterFrom = (query: Query): Result<FeedFilter> => {
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
