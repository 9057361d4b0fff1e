import type { AlertName } from '#core/alert.ts'
import {
  type CursorScope,
  decodeCursor,
  encodeCursor,
  type FeedPlace,
  type Positions,
} from '#core/cursor.ts'
import { withDeadline } from '#core/deadline.ts'
import { LIMITS } from '#core/limits.ts'
import type { FeedFilter, IndexedAlert, Recalls } from '#core/ports/alert-index.ts'
import { OutcomeUnknown } from '#core/ports/message-log.ts'
import type { ReadRights } from '#core/read-rights.ts'
import { accept, type Result, refuse } from '#core/refusal.ts'
import { alertTopics } from '#core/topics.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { ReadableLabels } from '#services/gateway/readable-labels.ts'
import { hasWidened, rightsBehind, rightsOf } from '#services/gateway/reader-rights.ts'
import { mayTell, noticesFor } from '#services/gateway/recall-notices.ts'
import { openAll, type Reader, type Released, release } from '#services/gateway/release.ts'
import { mayRemind, type Reminders, remindersFor } from '#services/gateway/reminders.ts'
import type { Turns } from '#services/gateway/turns.ts'

export interface FeedRequest {
  /** `earliest`, `now`, or a cursor. */
  readonly from: string
  readonly filter: FeedFilter
  readonly limit: number
  /** In which pages are made. */
  readonly turns: Turns
}

export interface FeedPage {
  /** To be looked at before the items. */
  readonly notices: Recalls
  readonly reminders: Reminders
  /** The reader may have more now than when its cursor was made: what was passed over then is
   * behind the cursor, and not among the items. */
  readonly widened: boolean
  readonly items: readonly Released[]
  /** The cursor to go on from. */
  readonly next: string
  /** Whether all that this reader may have was given when the page was made. */
  readonly isEnd: boolean
}

/** A reader's feed, opened: what its cursors are bound to, and what it may see. */
export interface OpenFeed {
  readonly reader: Reader
  readonly scope: CursorScope
  readonly labels: ReadableLabels
}

/** What comes next in a feed, recorded and released. */
export interface FeedStep {
  /** In the feed's order, with those that were not released after all. */
  readonly alerts: readonly IndexedAlert[]
  readonly items: readonly Released[]
  /** The directory's, by which it was decided. */
  readonly sequence: number
  readonly rights: ReadRights
  readonly next: FeedPlace
  readonly isEnd: boolean
}

/** One page of a reader's feed. What the feed filters out, or the policy denies, makes no record. */
export const readFeed = async (
  deps: GatewayDeps,
  reader: Reader,
  request: FeedRequest,
): Promise<Result<FeedPage>> => {
  const feed = openFeed(deps, reader, request.filter)
  const from = await startOf(deps, feed, request.from)
  if (!from.ok) return from
  // A thousand labels may be new to this reader: not all in one turn of the event loop.
  await feed.labels.prepare()
  const notices = await noticesFor(deps, reader, feed.labels.ids())
  if (!notices.ok) return notices
  const reminders = await remindersFor(deps, reader, feed.labels.ids())
  if (!reminders.ok) return reminders
  const bounds = { items: request.limit, bytes: LIMITS.pageBytesMax }
  // Not before: who waits for this node to reach a cursor takes nobody's turn.
  const step = await request.turns.take(() => nextStep(deps, feed, from.value.positions, bounds))
  if (!step.ok) return step
  // From here on without a pause, and nothing is recorded any more: what was decided on must go at
  // once. The alerts were, a moment ago; what is told before them was before their records.
  const told = notices.value.recalls.filter((one) => mayTell(deps, reader, one))
  const reminded = reminders.value.reminders.filter((one) => mayRemind(deps, reader, one))
  const { items, rights, isEnd } = step.value
  const widened = hasWidened(rights, from.value.rights)
  const next = cursorOf(deps, feed, step.value.next)
  return accept({
    notices: { recalls: told, isCut: notices.value.isCut },
    reminders: { reminders: reminded, isCut: reminders.value.isCut },
    widened,
    items,
    next,
    isEnd,
  })
}

export const openFeed = (deps: GatewayDeps, reader: Reader, filter: FeedFilter): OpenFeed => {
  const { principal, realm } = reader.caller
  const topics = alertTopics(realm).filter((topic) => deps.alertTopics.includes(topic))
  const labels = new ReadableLabels(deps, reader.caller)
  return { reader, scope: { principal, realm, filter, topics }, labels }
}

/** Where to begin; refused for a cursor of another scope, or one that this node is behind. */
export const startOf = async (
  deps: GatewayDeps,
  feed: OpenFeed,
  from: string,
): Promise<Result<FeedPlace>> => {
  const place = placeFrom(deps, feed, from)
  if (place === 'foreign') return refuse('cursor-invalid')
  if (place === 'other-version') return refuse('cursor-invalid', 'made by another version')
  return (await isCaughtUp(deps, place.positions)) ? accept(place) : refuse('catching-up')
}

/** Up to so many items and bytes from `from` on, at least one if there is one. */
export const nextStep = async (
  deps: GatewayDeps,
  { reader, scope, labels }: OpenFeed,
  from: Positions,
  bounds: { readonly items: number; readonly bytes: number },
): Promise<Result<FeedStep>> => {
  await labels.prepare()
  // From here on without a pause: what is decided and read is so by one directory.
  const begun = {
    sequence: deps.directory.state.sequence,
    rights: rightsOf(deps, reader.caller),
  }
  const page = deps.index.page({
    realm: scope.realm,
    from,
    labelIds: labels.ids(),
    filter: scope.filter,
    nowMs: deps.clock.nowMs(),
    limit: bounds.items,
  })
  const fitting = page.alerts.slice(0, countWithin(page.alerts, bounds.bytes))
  const { opened, damagedAt } = await openAll(deps, fitting)
  // A damaged alert is not passed over: nobody would ever miss it.
  if (damagedAt === 0) return refuse('index-damaged')
  const alerts = fitting.slice(0, damagedAt ?? fitting.length)
  const decided = { action: 'RELEASE', decidedAt: begun.sequence } as const
  const released = await release(deps, reader, decided, opened)
  if (!released.ok) return released
  const items = released.value
  const cut = firstOffsets(page.alerts.slice(alerts.length))
  const given = new Set(items.map(nameOf))
  const dropped = alerts.filter((alert) => !given.has(nameOf(alert)))
  const rights = rightsBehind(deps, reader, begun, dropped)
  const next = { positions: new Map([...page.next, ...cut]), rights }
  const isEnd = cut.size === 0 && page.alerts.length < bounds.items
  return accept({ ...begun, alerts, items, next, isEnd })
}

/** One alert in a realm. */
export const nameOf = ({ origin, id }: AlertName): string => `${origin}/${id}`

export const cursorOf = (deps: GatewayDeps, { scope }: OpenFeed, place: FeedPlace): string =>
  encodeCursor(scope, place, ciphers(deps))

const ciphers = ({ cursors, sha256 }: GatewayDeps) => ({ cipher: cursors, sha256 })

const placeFrom = (deps: GatewayDeps, { scope, reader }: OpenFeed, from: string) => {
  const { topics } = scope
  if (from !== 'earliest' && from !== 'now') return decodeCursor(from, scope, ciphers(deps))
  const offsetOf = (topic: string) => (from === 'now' ? deps.index.nextOffset(topic) : 0)
  const positions = new Map(topics.map((topic) => [topic, offsetOf(topic)]))
  // Nothing that this reader may have now was passed over: it said where to begin.
  return { positions, rights: rightsOf(deps, reader.caller) }
}

/** A cursor of another gateway may be ahead of this one: then it waits a little. */
const isCaughtUp = async ({ alertFollowers, clock }: GatewayDeps, from: Positions) => {
  const passed = (signal: AbortSignal) =>
    Promise.all([...from].map(([topic, next]) => alertFollowers.passed(topic, next - 1, signal)))
  try {
    await withDeadline(passed, LIMITS.catchUpMsMax, { clock, why: 'behind the cursor' })
    return true
  } catch (error) {
    if (error instanceof OutcomeUnknown) return false
    throw error
  }
}

/** How many of the alerts fit into so many bytes; one if there is one. */
const countWithin = (alerts: readonly IndexedAlert[], bytesMax: number): number => {
  let bytes = 0
  const fits = alerts.findIndex((alert, at) => {
    bytes += alert.frame.length
    return at > 0 && bytes > bytesMax
  })
  return fits === -1 ? alerts.length : fits
}

/** Of the first alert in each topic. */
const firstOffsets = (alerts: readonly IndexedAlert[]): ReadonlyMap<string, number> =>
  new Map(alerts.toReversed().map(({ topic, offset }) => [topic, offset]))
