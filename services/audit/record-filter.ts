import { type Static, Type } from 'typebox'
import {
  ACCESS_ACTIONS,
  ACCESS_OUTCOMES,
  type AccessAction,
  type AccessOutcome,
} from '#core/access-record.ts'
import { type AgencyId, isAgencyId } from '#core/agency.ts'
import type { AlertName } from '#core/alert.ts'
import { LIMITS } from '#core/limits.ts'
import { isPrincipalId, type PrincipalId } from '#core/principal.ts'
import { accept, type Result, refuse } from '#core/refusal.ts'
import { isTimeMs } from '#core/time.ts'
import { isUuid } from '#core/uuid.ts'

const word = (description: string) =>
  Type.Optional(Type.String({ maxLength: LIMITS.filterCharactersMax, description }))

export const RecordsQuery = Type.Object(
  {
    agency: word('The agency of the principal.'),
    principal: word('Who acted: agency/name.'),
    origin: word('With id: the alert that records are about.'),
    id: word('With origin: the alert that records are about.'),
    action: Type.Optional(Type.Enum([...ACCESS_ACTIONS])),
    outcome: Type.Optional(Type.Enum([...ACCESS_OUTCOMES])),
    from: word('RFC 3339, in UTC (Z): records that claim this time or a later one.'),
    to: word('RFC 3339, in UTC (Z): records that claim an earlier time.'),
    before: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'Records below this index: `next` of the page before.',
      }),
    ),
    limit: Type.Integer({ minimum: 1, maximum: LIMITS.pageItemsMax, default: 100 }),
  },
  { additionalProperties: false },
)
export type RecordsQuery = Static<typeof RecordsQuery>

/** Null: any. */
export interface RecordFilter {
  readonly agency: AgencyId | null
  readonly principal: PrincipalId | null
  readonly alert: AlertName | null
  readonly action: AccessAction | null
  readonly outcome: AccessOutcome | null
  readonly fromMs: number | null
  readonly toMs: number | null
}

export const recordFilter = (query: RecordsQuery): Result<RecordFilter> => {
  const agency = parsed(query.agency, (text) => (isAgencyId(text) ? text : null))
  const principal = parsed(query.principal, (text) => (isPrincipalId(text) ? text : null))
  const fromMs = parsed(query.from, utcTime)
  const toMs = parsed(query.to, utcTime)
  if (agency === WRONG) return refuse('request-invalid', 'agency')
  if (principal === WRONG) return refuse('request-invalid', 'principal')
  if (fromMs === WRONG) return refuse('request-invalid', 'from')
  if (toMs === WRONG) return refuse('request-invalid', 'to')
  const alert = alertFrom(query)
  if (alert === WRONG) return refuse('request-invalid', 'origin and id name an alert together')
  const { action = null, outcome = null } = query
  return accept({ agency, principal, alert, action, outcome, fromMs, toMs })
}

/** One text for one meaning, whatever the order of what was asked. */
export const canonicalFilter = (filter: RecordFilter, before: number, limit: number): string =>
  JSON.stringify([
    'records',
    filter.agency,
    filter.principal,
    filter.alert?.origin ?? null,
    filter.alert?.id ?? null,
    filter.action,
    filter.outcome,
    filter.fromMs,
    filter.toMs,
    before,
    limit,
  ])

const WRONG = Symbol('wrong')

const parsed = <T>(
  text: string | undefined,
  parse: (text: string) => T | null,
): T | null | typeof WRONG => (text === undefined ? null : (parse(text) ?? WRONG))

const UTC = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z$/

const utcTime = (text: string): number | null => {
  const timeMs = UTC.test(text) ? Date.parse(text) : Number.NaN
  return isTimeMs(timeMs) ? timeMs : null
}

const alertFrom = ({ origin, id }: RecordsQuery): AlertName | null | typeof WRONG => {
  if (origin === undefined && id === undefined) return null
  if (origin === undefined || id === undefined) return WRONG
  return isAgencyId(origin) && isUuid(id) ? { origin, id } : WRONG
}
