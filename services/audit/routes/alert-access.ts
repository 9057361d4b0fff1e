import type { FastifyInstance, FastifyRequest } from 'fastify'
import { sendRefusal } from '#adapters/http/refusals.ts'
import type { AccessAction, AccessOutcome } from '#core/access-record.ts'
import { isAgencyId } from '#core/agency.ts'
import type { AlertName } from '#core/alert.ts'
import { LIMITS } from '#core/limits.ts'
import { accept, type Result, refuse } from '#core/refusal.ts'
import type { Scope } from '#core/search-scope.ts'
import { isUuid } from '#core/uuid.ts'
import { type Asker, askerOf } from '#services/audit/asker.ts'
import type { AuditDeps } from '#services/audit/deps.ts'
import { DOCS } from '#services/audit/docs.ts'
import { allowQuery, refuseQuery } from '#services/audit/query-record.ts'
import { type Leaf, readLeaves } from '#services/audit/read-records.ts'
import { scopeOf } from '#services/audit/scope.ts'

interface Params {
  readonly origin: string
  readonly id: string
}

/** GET /v1/access-log/alerts/{origin}/{id}: who was given an alert, for its originator's auditors
 * and national auditors. One record for each answer. */
export const alertAccessRoute = (app: FastifyInstance, deps: AuditDeps): void => {
  app.get<{ Params: Params }>(
    '/v1/access-log/alerts/:origin/:id',
    { config: { doc: DOCS.alertAccess } },
    async (request, reply) => {
      const asker = await askerOf(deps, request)
      if (!asker.ok) return sendRefusal(reply, asker.refusal)
      const name = nameFrom(request)
      if (!name.ok) return sendRefusal(reply, name.refusal)
      const access = await accessTo(deps, asker.value, name.value)
      if (!access.ok) return sendRefusal(reply, access.refusal)
      return reply.header('cache-control', 'private, no-store').send(access.value)
    },
  )
}

/** Which records make which list. */
const LISTS = {
  published: { actions: ['PUBLISH'], outcome: 'ALLOWED' },
  givenTo: { actions: ['RELEASE', 'READ', 'EXPORT'], outcome: 'ALLOWED' },
  refusedTo: { actions: ['RELEASE', 'READ', 'EXPORT'], outcome: 'DENIED' },
  acknowledgedBy: { actions: ['ACKNOWLEDGE'], outcome: 'ALLOWED' },
  deadLettered: { actions: ['DEAD_LETTER'], outcome: 'DENIED' },
} as const satisfies Record<string, ListOf>
type ListName = keyof typeof LISTS

interface ListOf {
  readonly actions: readonly AccessAction[]
  readonly outcome: AccessOutcome
}

const accessTo = async (deps: AuditDeps, asker: Asker, name: AlertName) => {
  const query = { action: 'SEARCH', alert: name, terms: JSON.stringify(['alert', name]) } as const
  const maySee = (scope: Scope): boolean =>
    scope.sees === 'all' || (scope.sees === 'agency' && scope.agency === name.origin)
  const asOfIndex = deps.records.nextIndex()
  const lists = maySee(scopeOf(deps, asker.caller)) ? await listsOf(deps, asker, name) : null
  // An alert that nobody ever recorded is as one that the caller may not ask about.
  if (lists === null || Object.values(lists).every(({ leaves }) => leaves.length === 0)) {
    const denial = { reasons: ['not-found'], refusal: { code: 'not-found' } } as const
    return { ok: false, refusal: await refuseQuery(deps, asker, query, denial) } as const
  }
  const refusal = await allowQuery(deps, asker, query, maySee)
  if (refusal !== null) return { ok: false, refusal } as const
  const view = (list: ListName) => lists[list].leaves.flatMap(entryView)
  return accept({
    origin: name.origin,
    id: name.id,
    asOfIndex,
    published: view('published'),
    givenTo: view('givenTo'),
    refusedTo: view('refusedTo'),
    acknowledgedBy: view('acknowledgedBy'),
    deadLettered: view('deadLettered'),
    /** False when a list holds its newest entries only. */
    isComplete: Object.values(lists).every(({ isComplete }) => isComplete),
  })
}

interface List {
  readonly leaves: readonly Leaf[]
  readonly isComplete: boolean
}

const listsOf = async (
  deps: AuditDeps,
  asker: Asker,
  name: AlertName,
): Promise<Readonly<Record<ListName, List>>> => ({
  published: await listOf(deps, asker, name, LISTS.published),
  givenTo: await listOf(deps, asker, name, LISTS.givenTo),
  refusedTo: await listOf(deps, asker, name, LISTS.refusedTo),
  acknowledgedBy: await listOf(deps, asker, name, LISTS.acknowledgedBy),
  deadLettered: await listOf(deps, asker, name, LISTS.deadLettered),
})

/** Newest first. */
const listOf = async (
  { records, log }: AuditDeps,
  { caller }: Asker,
  alert: AlertName,
  { actions, outcome }: ListOf,
): Promise<List> => {
  const limit = LIMITS.recordsOfAlertMax
  const found = actions.flatMap((action) =>
    records.search({ ...ANY, realm: caller.realm, alert, action, outcome, limit: limit + 1 }),
  )
  const newest = found.toSorted((a, b) => b - a).slice(0, limit)
  return { leaves: await readLeaves(log, newest), isComplete: found.length <= limit }
}

const ANY = {
  visibleTo: null,
  agency: null,
  principal: null,
  fromMs: null,
  toMs: null,
  before: Number.MAX_SAFE_INTEGER,
} as const

const entryView = ({ index, record }: Leaf) => {
  if (record === null) return []
  const { principal, agency, action, timeMs, reasons } = record
  return [{ index, principal, agency, action, timeMs, reasons }]
}

const nameFrom = ({ params }: FastifyRequest<{ Params: Params }>): Result<AlertName> => {
  const { origin, id } = params
  if (!isAgencyId(origin)) return refuse('request-invalid', 'origin is not an agency’s name')
  if (!isUuid(id)) return refuse('request-invalid', 'id is not a UUID in lower case')
  return accept({ origin, id })
}
