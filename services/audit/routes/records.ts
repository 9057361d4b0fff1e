import type { FastifyInstance } from 'fastify'
import { chooseType } from '#adapters/http/media-type.ts'
import { sendRefusal } from '#adapters/http/refusals.ts'
import { accept, type Result, refuse } from '#core/refusal.ts'
import { type Asker, askerOf } from '#services/audit/asker.ts'
import type { AuditDeps } from '#services/audit/deps.ts'
import { DOCS } from '#services/audit/docs.ts'
import { allowQuery, refuseQuery } from '#services/audit/query-record.ts'
import { readLeaves } from '#services/audit/read-records.ts'
import {
  canonicalFilter,
  type RecordFilter,
  RecordsQuery,
  recordFilter,
} from '#services/audit/record-filter.ts'
import { RECORD_FORMATS, RECORD_TYPES, type RecordPage } from '#services/audit/record-formats.ts'
import { roleFault, scopeOf, searchableBy } from '#services/audit/scope.ts'

interface Search {
  readonly filter: RecordFilter
  readonly before: number
  readonly limit: number
}

/** GET /v1/access-log/records: what auditors may see, newest first; one record for each page. */
export const recordsRoute = (app: FastifyInstance, deps: AuditDeps): void => {
  app.get<{ Querystring: RecordsQuery }>(
    '/v1/access-log/records',
    { schema: { querystring: RecordsQuery }, config: { doc: DOCS.records } },
    async (request, reply) => {
      const type = chooseType(request.headers.accept, RECORD_TYPES)
      if (type === null) {
        return sendRefusal(reply, refuse('not-acceptable', RECORD_TYPES.join(', ')).refusal)
      }
      const asker = await askerOf(deps, request)
      if (!asker.ok) return sendRefusal(reply, asker.refusal)
      const filter = recordFilter(request.query)
      if (!filter.ok) return sendRefusal(reply, filter.refusal)
      const { before = Number.MAX_SAFE_INTEGER, limit } = request.query
      const page = await search(deps, asker.value, { filter: filter.value, before, limit })
      if (!page.ok) return sendRefusal(reply, page.refusal)
      return reply
        .type(`${type}; charset=utf-8`)
        .header('cache-control', 'private, no-store')
        .header('rabta-as-of-index', page.value.asOfIndex)
        .header('rabta-next', page.value.next ?? '')
        .send(RECORD_FORMATS[type](page.value))
    },
  )
}

const search = async (
  deps: AuditDeps,
  asker: Asker,
  { filter, before, limit }: Search,
): Promise<Result<RecordPage>> => {
  const { realm } = asker.caller
  const terms = canonicalFilter(filter, before, limit)
  const query = { action: 'SEARCH', alert: filter.alert, terms } as const
  const scope = scopeOf(deps, asker.caller)
  const visibleTo = searchableBy(scope)
  if (visibleTo === undefined) {
    const reasons = roleFault(scope)
    const denial = { reasons, refusal: { code: 'not-permitted', reasons } } as const
    return { ok: false, refusal: await refuseQuery(deps, asker, query, denial) }
  }
  const asOfIndex = deps.records.nextIndex()
  // One more than asked for, to know whether there is a next page.
  const found = deps.records.search({ ...filter, visibleTo, realm, before, limit: limit + 1 })
  const indexes = found.slice(0, limit)
  const leaves = await readLeaves(deps.log, indexes)
  const refusal = await allowQuery(deps, asker, query, (now) => searchableBy(now) === visibleTo)
  if (refusal !== null) return { ok: false, refusal }
  const next = found.length > limit ? (indexes.at(-1) ?? null) : null
  return accept({ asOfIndex, leaves, next })
}
