import type { CallOptions } from '#clients/sdk/connection.ts'
import type { GivenRecord } from '#clients/sdk/given-record.ts'
import { searchRecords } from '#clients/sdk/search.ts'
import type { Session } from '#clients/sdk/session.ts'
import type { AccessAction, AccessOutcome } from '#core/access-record.ts'
import type { AlertName } from '#core/alert.ts'
import { LIMITS } from '#core/limits.ts'

/** Who did what with one alert, each by its record. Newest first, by leaf index. */
export interface AlertAccess extends AlertName {
  /** All leaves below this index were searched, by the hub's word. */
  readonly asOfIndex: number
  readonly published: readonly GivenRecord[]
  readonly givenTo: readonly GivenRecord[]
  readonly refusedTo: readonly GivenRecord[]
  readonly acknowledgedBy: readonly GivenRecord[]
  readonly deadLettered: readonly GivenRecord[]
  /** False when there are more than `LIMITS.recordsOfAlertMax`: these are the newest. */
  readonly isComplete: boolean
}

/**
 * Who was given an alert, for auditors of its originator and national auditors: made from the
 * records themselves, whose places `LogClient.verifyRecords` proves. What `searchRecords` says of
 * completeness is so here too. Rejects as it does.
 */
export const givenTo = async (
  session: Session,
  alert: AlertName,
  options: CallOptions = {},
): Promise<AlertAccess> => {
  const { origin, id } = alert
  const records: GivenRecord[] = []
  let asOfIndex = 0
  let isComplete = true
  const filter = { alert: { origin, id } }
  const search = { ...options, filter, limit: LIMITS.pageItemsMax }
  for await (const page of searchRecords(session, search)) {
    // Of the first page: later ones may have searched more, but not for newer records.
    if (asOfIndex === 0) asOfIndex = page.asOfIndex
    records.push(...page.records.filter(isReadable))
    isComplete = page.next === null
    if (records.length >= LIMITS.recordsOfAlertMax) break
  }
  const list = (name: ListName) => records.filter((record) => isIn(LISTS[name], record))
  return {
    origin,
    id,
    asOfIndex,
    published: list('published'),
    givenTo: list('givenTo'),
    refusedTo: list('refusedTo'),
    acknowledgedBy: list('acknowledgedBy'),
    deadLettered: list('deadLettered'),
    isComplete,
  }
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

const isIn = ({ actions, outcome }: ListOf, { content }: GivenRecord): boolean =>
  actions.includes(content.action) && content.outcome === outcome

const isReadable = <R extends { readonly content: unknown }>(
  record: R,
): record is R & { readonly content: NonNullable<R['content']> } => record.content !== null
