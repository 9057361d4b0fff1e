import { jsonFrom } from '#clients/sdk/answer.ts'
import type { CallOptions } from '#clients/sdk/connection.ts'
import { noticeShape, type RecallNotice } from '#clients/sdk/recalled-alerts.ts'
import type { ReleaseFault } from '#clients/sdk/release-fault.ts'
import { type Reminder, reminderShape } from '#clients/sdk/reminder.ts'
import type { Session } from '#clients/sdk/session.ts'
import {
  anyShape,
  bytesShape,
  countShape,
  flagShape,
  listOf,
  Misshapen,
  namedShape,
  objectOf,
} from '#clients/sdk/shape.ts'
import { type GivenAlert, type Release, verifyReleases } from '#clients/sdk/verify-release.ts'
import { type AgencyId, isAgencyId } from '#core/agency.ts'
import type { Classification } from '#core/classification.ts'
import type { Jurisdiction } from '#core/jurisdiction.ts'
import type { Kind } from '#core/kind.ts'
import { LIMITS } from '#core/limits.ts'
import type { Precedence } from '#core/precedence.ts'
import { isUuid } from '#core/uuid.ts'

/** Each list is of alternatives; all that are given must match. */
export interface FeedFilter {
  readonly jurisdictions?: readonly Jurisdiction[]
  readonly classifications?: readonly Classification[]
  readonly precedences?: readonly Precedence[]
  readonly kinds?: readonly Kind[]
  readonly origins?: readonly AgencyId[]
}

export interface FeedOptions extends CallOptions {
  /** `earliest` (the default), `now`, or the `cursor` of a page: then with the same filter. */
  readonly from?: string
  readonly filter?: FeedFilter
  /** Items a page, 1 to `LIMITS.pageItemsMax`; 100 without it. */
  readonly limit?: number
  /** Ask again this long after the end, without end; without it the iteration ends there. */
  readonly pollMs?: number
}

export interface FeedPage {
  /** Alerts that were recalled: to be dealt with before the items. Comes again with each page. */
  readonly notices: readonly RecallNotice[]
  /** Whether there are more: all recalls stand in the feed, as alerts. */
  readonly noticesCut: boolean
  /** Alerts that nobody of this principal's agency acknowledged in time. Comes again with each page
   * until somebody does. */
  readonly reminders: readonly Reminder[]
  /** Whether there may be more. */
  readonly remindersCut: boolean
  /** This principal holds rights that the cursor given does not know of: what was passed over for
   * the lack of them is behind it, and `from: 'earliest'` gives it (`GivenAlerts` tells what you
   * had). Comes again until a later page's cursor is used. */
  readonly widened: boolean
  /** In the feed's order; each an alert that verified, or a fault. */
  readonly items: readonly Release[]
  /** Keep it once the items are dealt with: from here the feed goes on, after a crash too. */
  readonly cursor: string
  /** Whether there was nothing more when the page was made. */
  readonly isEnd: boolean
}

/**
 * The feed of this principal, page by page. Each page is asked for only when the one before was
 * dealt with. Rejects as `Connection` and `DirectoryMirror.catchUp` do; nothing of that page was
 * handed out then, and the last cursor goes on. Ends without an error when `signal` aborts a wait.
 */
export async function* feedPages(
  session: Session,
  options: FeedOptions = {},
): AsyncGenerator<FeedPage, void> {
  const { pollMs, signal } = options
  let from = options.from ?? 'earliest'
  for (;;) {
    const page = await feedPage(session, { ...options, from })
    yield page
    from = page.cursor
    if (!page.isEnd) continue
    if (pollMs === undefined) return
    await session.clock.sleep(pollMs, signal)
    if (signal?.aborted) return
  }
}

/** One page, as `feedPages` gives it. */
export const feedPage = async (session: Session, options: FeedOptions): Promise<FeedPage> => {
  const { purpose, signal, limit = ITEMS } = options
  const newestBefore = session.records.index
  const answer = await session.connection.get({
    server: 'gateway',
    path: '/v1/feed',
    query: { from: options.from ?? 'earliest', limit: String(limit), ...queryOf(options.filter) },
    accept: 'application/json',
    ...(purpose && { purpose }),
    ...(signal && { signal }),
  })
  const page = jsonFrom(answer, pageShape(limit))
  const { items, next, ...told } = page
  const asked = { action: 'RELEASE', purpose: purpose ?? null, newestBefore } as const
  const releases = await verifyReleases(session, items.map(itemFrom), asked)
  return { ...told, items: releases, cursor: next }
}

const ITEMS = 100

/** A filter as the query of a request: each list by commas. */
export const queryOf = (filter: FeedFilter = {}): Record<string, string> => {
  const lists = {
    jurisdiction: filter.jurisdictions,
    classification: filter.classifications,
    precedence: filter.precedences,
    kind: filter.kinds,
    origin: filter.origins,
  }
  const given = Object.entries(lists).flatMap(([name, list]) =>
    list === undefined ? [] : [[name, list.join(',')] as const],
  )
  return Object.fromEntries(given)
}

/** Whether a text has the form of a cursor; only the hub can open one. */
export const isCursor = (text: string): text is string =>
  text.length <= LIMITS.cursorCharactersMax && /^[A-Za-z0-9_-]+$/.test(text)

const pageShape = (limit: number) =>
  objectOf({
    notices: listOf(noticeShape, LIMITS.recallNoticesMax),
    noticesCut: flagShape,
    reminders: listOf(reminderShape, LIMITS.remindersMax),
    remindersCut: flagShape,
    widened: flagShape,
    items: listOf(anyShape, limit),
    next: namedShape(isCursor),
    isEnd: flagShape,
  })

const STAMP_BYTES_MAX = 1_024

const itemShape = objectOf({
  origin: namedShape(isAgencyId),
  id: namedShape(isUuid),
  signedAlert: bytesShape(LIMITS.signedAlertBytesMax),
  stamp: bytesShape(STAMP_BYTES_MAX),
  record: objectOf({ index: countShape, bytes: bytesShape(LIMITS.accessRecordBytesMax) }),
})

/** An item of a page or of a stream; one that is not as published is a fault, and no error. */
export const itemFrom = (item: unknown): GivenAlert | ReleaseFault => {
  try {
    const { stamp, ...given } = itemShape(item, '')
    return { ...given, stampBytes: stamp }
  } catch (error) {
    if (!(error instanceof Misshapen)) throw error
    const detail = error.message
    return { ok: false, fault: 'item-malformed', detail, name: null, evidence: item }
  }
}
