import { jsonFrom } from '#clients/sdk/answer.ts'
import type { CallOptions } from '#clients/sdk/connection.ts'
import { HubMisbehaved } from '#clients/sdk/errors.ts'
import { type FoundRecord, foundRecordFrom } from '#clients/sdk/found-record.ts'
import { type RecordFilter, unmatchedBy } from '#clients/sdk/record-filter.ts'
import type { Session } from '#clients/sdk/session.ts'
import { anyShape, bytesShape, countShape, listOf, nullOr, objectOf } from '#clients/sdk/shape.ts'
import { LIMITS } from '#core/limits.ts'

export interface SearchOptions extends CallOptions {
  readonly filter?: RecordFilter
  /** Records below this leaf index only: the `next` of a page. */
  readonly before?: number
  /** Records a page, 1 to `LIMITS.pageItemsMax`; 100 without it. */
  readonly limit?: number
}

export interface RecordPage {
  /** All leaves below this index were searched, by the hub's word. */
  readonly asOfIndex: number
  /** Newest first, by leaf index. */
  readonly records: readonly FoundRecord[]
  /** What to ask for as `before` to go on; null at the end. */
  readonly next: number | null
}

/**
 * What an auditor may see of the access log, newest first, page by page. Each record's bytes are
 * checked against what was asked and against the readable form that came with them; that they are
 * in the log, `LogClient.verifyRecords` says. **That none was left out, no page can prove**: only
 * who replays the whole log knows. Each page leaves a `SEARCH` record. Rejects as `Connection` does
 * (`HubRefusal` `not-permitted` without an auditor's role), and with `HubMisbehaved`.
 */
export async function* searchRecords(
  session: Session,
  options: SearchOptions = {},
): AsyncGenerator<RecordPage, void> {
  let before = options.before ?? null
  for (;;) {
    const page = await recordPage(session, before === null ? options : { ...options, before })
    yield page
    if (page.next === null) return
    before = page.next
  }
}

/** One page, as `searchRecords` gives it. */
export const recordPage = async (
  session: Session,
  options: SearchOptions = {},
): Promise<RecordPage> => {
  const { filter = {}, before = Number.MAX_SAFE_INTEGER, limit = RECORDS, ...call } = options
  const answer = await session.connection.get({
    ...callOptions(call),
    server: 'audit',
    path: '/v1/access-log/records',
    query: { ...queryOf(filter), before: String(before), limit: String(limit) },
    accept: 'application/json',
  })
  const { asOfIndex, records: given, next } = jsonFrom(answer, pageShape(limit))
  const records = given.map((one) => foundRecordFrom(one, session.sha256))
  checkOrder(records, Math.min(before, asOfIndex))
  for (const { index, content } of records) {
    const unmatched = unmatchedBy(filter, session.realm, content)
    if (unmatched !== null) throw new HubMisbehaved('answer-differs', `${unmatched} of ${index}`)
  }
  // From anywhere but the last of the page, going on would leave records out, or not end.
  if (next !== null && next !== records.at(-1)?.index) {
    throw new HubMisbehaved('answer-malformed', 'next')
  }
  return { asOfIndex, records, next }
}

/**
 * One record by its leaf index: an auditor's, or one's own of something that was allowed. Rejects
 * as `Connection` does (`HubRefusal` `not-found`), and with `HubMisbehaved`. Leaves a `SEARCH`
 * record.
 */
export const readRecord = async (
  session: Session,
  index: number,
  options: CallOptions = {},
): Promise<FoundRecord> => {
  const path = `/v1/access-log/records/${index}`
  const call = { ...options, server: 'audit', path, accept: 'application/json' } as const
  const given = jsonFrom(await session.connection.get(call), recordShape)
  if (given.index !== index) throw new HubMisbehaved('answer-differs', `record ${given.index}`)
  return foundRecordFrom(given, session.sha256)
}

const RECORDS = 100

const callOptions = ({ purpose, signal }: CallOptions): CallOptions => ({
  ...(purpose && { purpose }),
  ...(signal && { signal }),
})

const queryOf = (filter: RecordFilter): Record<string, string> => {
  const { agency, principal, alert, action, outcome, fromMs, toMs } = filter
  const timeOf = (timeMs: number | undefined) =>
    timeMs === undefined ? undefined : new Date(timeMs).toISOString()
  const asked = { agency, principal, action, outcome, from: timeOf(fromMs), to: timeOf(toMs) }
  const given = Object.entries({ ...asked, origin: alert?.origin, id: alert?.id }).flatMap(
    ([name, value]) => (value === undefined ? [] : [[name, value] as const]),
  )
  return Object.fromEntries(given)
}

const checkOrder = (records: readonly FoundRecord[], before: number): void => {
  let above = before
  for (const { index } of records) {
    if (index >= above) throw new HubMisbehaved('answer-malformed', `record ${index} is not below`)
    above = index
  }
}

const recordShape = objectOf({
  index: countShape,
  record: anyShape,
  bytes: bytesShape(LIMITS.accessRecordBytesMax),
})
const pageShape = (limit: number) =>
  objectOf({
    asOfIndex: countShape,
    records: listOf(recordShape, limit),
    next: nullOr(countShape),
  })
