import type { AccessAction, AccessOutcome, AccessRecord } from '#core/access-record.ts'
import type { AgencyId } from '#core/agency.ts'
import type { AlertName } from '#core/alert.ts'
import type { PrincipalId } from '#core/principal.ts'
import type { Realm } from '#core/realm.ts'

/** All that is given must match. */
export interface RecordFilter {
  /** Of the principal who acted. */
  readonly agency?: AgencyId
  readonly principal?: PrincipalId
  readonly alert?: AlertName
  readonly action?: AccessAction
  readonly outcome?: AccessOutcome
  /** By the record's own time: from (inclusive) … */
  readonly fromMs?: number
  /** … to (exclusive). */
  readonly toMs?: number
}

/** The part of the filter that the record does not match; null when it does. */
export const unmatchedBy = (
  filter: RecordFilter,
  realm: Realm,
  record: AccessRecord | null,
): string | null => {
  // What cannot be read matches nothing but the question for everything.
  if (record === null) return Object.values(filter).every(isNotAsked) ? null : 'record'
  const { alert } = record
  const checks = {
    realm: record.realm === realm,
    agency: isAnyOr(filter.agency, record.agency),
    principal: isAnyOr(filter.principal, record.principal),
    action: isAnyOr(filter.action, record.action),
    outcome: isAnyOr(filter.outcome, record.outcome),
    origin: isAnyOr(filter.alert?.origin, alert?.origin),
    id: isAnyOr(filter.alert?.id, alert?.id),
    time: record.timeMs >= (filter.fromMs ?? 0) && record.timeMs < (filter.toMs ?? FOR_EVER),
  }
  return Object.entries(checks).find(([, isMatch]) => !isMatch)?.[0] ?? null
}

const FOR_EVER = Number.POSITIVE_INFINITY

const isNotAsked = (value: unknown): boolean => value === undefined

const isAnyOr = (asked: string | undefined, value: string | null | undefined): boolean =>
  asked === undefined || asked === value
