import type { CallOptions } from '#clients/sdk/connection.ts'
import { HubMisbehaved, HubUnreachable } from '#clients/sdk/errors.ts'
import { type FeedFilter, isCursor, itemFrom, queryOf } from '#clients/sdk/feed.ts'
import { noticeShape, type RecallNotice } from '#clients/sdk/recalled-alerts.ts'
import { type Reminder, reminderShape } from '#clients/sdk/reminder.ts'
import { resumeWaitMs } from '#clients/sdk/resume.ts'
import type { Session } from '#clients/sdk/session.ts'
import { Misshapen, namedShape, objectOf, type Shape } from '#clients/sdk/shape.ts'
import { type EventBlock, eventBlocks } from '#clients/sdk/sse.ts'
import type { OpenAnswer } from '#clients/sdk/transport.ts'
import { type Asked, type Release, verifyReleases } from '#clients/sdk/verify-release.ts'
import { isStreamEnd } from '#core/stream-end.ts'

export interface FeedStreamOptions extends CallOptions {
  /** `earliest` (the default), `now`, or a cursor of a page or a stream with the same filter. */
  readonly from?: string
  readonly filter?: FeedFilter
  /** Told why the stream broke and how long it is until it is opened again. */
  readonly onWait?: (why: Error, waitMs: number) => void
}

export interface FeedMoment {
  /** An alert that was recalled; null for every other moment. */
  readonly notice: RecallNotice | null
  /** An alert that nobody of this principal's agency acknowledged in time; null for every other
   * moment. Comes once on each connection. */
  readonly reminder: Reminder | null
  /** As in a page: for the one moment that says so. */
  readonly widened: boolean
  /** An alert that verified, or a fault; null with a notice or a reminder, when rights have widened,
   * and when only the cursor moved: a sign of life. */
  readonly release: Release | null
  /** Keep it once the release is dealt with: from here the feed goes on, after a crash too. */
  readonly cursor: string
}

/**
 * The feed of this principal as it goes on, without end. What breaks is taken up behind the last
 * moment: an expired token, a hub that restarts, a lost connection. Rejects as `Connection` does
 * when the stream cannot be opened the first time, when the hub says no, and when it lies. Ends
 * without an error when `signal` aborts. A moment is read only when the one before was dealt with.
 */
export async function* feedStream(
  session: Session,
  options: FeedStreamOptions = {},
): AsyncGenerator<FeedMoment, void> {
  const { signal, onWait } = options
  let cursor: string | null = null
  for (let attempt = 1; !signal?.aborted; attempt += 1) {
    try {
      for await (const moment of momentsFrom(session, options, cursor)) {
        cursor = moment.cursor
        attempt = 1
        yield moment
      }
    } catch (error) {
      if (signal?.aborted) return
      const at = { attempt, wasOpen: cursor !== null }
      const waitMs = resumeWaitMs(error, at, session.connection.chance())
      if (waitMs === null || !(error instanceof Error)) throw error
      onWait?.(error, waitMs)
      await session.clock.sleep(waitMs, signal)
    }
  }
}

/** One connection. Never ends by itself: it rejects, also where the hub said why it ends. */
async function* momentsFrom(
  session: Session,
  options: FeedStreamOptions,
  lastEventId: string | null,
): AsyncGenerator<FeedMoment, void> {
  const { from = 'earliest', filter, purpose, signal } = options
  const newestBefore = session.records.index
  const answer = await session.connection.open({
    server: 'gateway',
    path: '/v1/feed/stream',
    query: { from, ...queryOf(filter) },
    accept: TYPE,
    ...(lastEventId === null ? {} : { lastEventId }),
    ...(purpose && { purpose }),
    ...(signal && { signal }),
  })
  try {
    const type = answer.headers.get('content-type') ?? ''
    if (!type.startsWith(TYPE)) throw malformed('not a stream of events')
    const asked = { action: 'RELEASE', purpose: purpose ?? null, newestBefore } as const
    yield* momentsIn(session, answer, asked)
  } finally {
    answer.close()
  }
}

async function* momentsIn(
  session: Session,
  { chunks }: OpenAnswer,
  asked: Asked,
): AsyncGenerator<FeedMoment, void> {
  // Of this stream's own: what else this session asks for meanwhile is recorded in between.
  let { newestBefore } = asked
  let cursor: string | null = null
  for await (const block of eventBlocks(chunks)) {
    if (block.event === 'end') throw new HubUnreachable(`the hub ended the stream: ${endOf(block)}`)
    const beside = besideIn(block)
    if (beside !== null) {
      // A hub says first where the reader is.
      if (cursor === null) throw malformed(`${block.event} before any id`)
      yield { ...SIGN_OF_LIFE, ...beside, cursor }
      continue
    }
    if (block.id === null) continue
    if (!isCursor(block.id)) throw malformed('an id that is no cursor')
    cursor = block.id
    if (block.event === null) yield { ...SIGN_OF_LIFE, cursor }
    if (block.event !== 'alert') continue
    const items = [itemFrom(jsonOf(block))]
    const [release] = await verifyReleases(session, items, { ...asked, newestBefore })
    if (release === undefined) throw new TypeError('an item gave no release')
    if (release.ok) newestBefore = release.record.index
    yield { ...SIGN_OF_LIFE, release, cursor }
  }
  throw new HubUnreachable('the stream broke off')
}

const TYPE = 'text/event-stream'

const SIGN_OF_LIFE = { notice: null, reminder: null, widened: false, release: null } as const

const jsonOf = ({ data }: EventBlock): unknown => {
  try {
    return JSON.parse(data ?? '')
  } catch {
    throw malformed('the data of an event is not JSON')
  }
}

/** What a stream says outside its cursor; null for what is not said so. */
const besideIn = (block: EventBlock): Partial<FeedMoment> | null => {
  if (block.event === 'widened') return { widened: true }
  if (block.event === 'recall') return { notice: shapedIn(block, noticeShape) }
  if (block.event === 'reminder') return { reminder: shapedIn(block, reminderShape) }
  return null
}

const shapedIn = <T>(block: EventBlock, shape: Shape<T>): T => {
  try {
    return shape(jsonOf(block), '')
  } catch (error) {
    if (error instanceof Misshapen) throw malformed(`${block.event}: ${error.message}`)
    throw error
  }
}

const endShape = objectOf({ reason: namedShape(isStreamEnd) })

/** Only for the eye: whatever it says, the next attempt tells what the hub does. */
const endOf = (block: EventBlock): string => {
  try {
    return endShape(jsonOf(block), '').reason
  } catch {
    return 'for a reason that this version does not know'
  }
}

const malformed = (what: string): HubMisbehaved => new HubMisbehaved('answer-malformed', what)
