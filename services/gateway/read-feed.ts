import { type CursorScope, decodeCursor, encodeCursor, type Positions } from '#core/cursor.ts'
import { withDeadline } from '#core/deadline.ts'
import { LIMITS } from '#core/limits.ts'
import type { FeedFilter, IndexedAlert, Recalls } from '#core/ports/alert-index.ts'
import { OutcomeUnknown } from '#core/ports/message-log.ts'
import { accept, type Result, refuse } from '#core/refusal.ts'
import { alertTopics } from '#core/topics.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { ReadableLabels } from '#services/gateway/readable-labels.ts'
import { noticesFor } from '#services/gateway/recall-notices.ts'
import { type Reader, type Released, release } from '#services/gateway/release.ts'
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
  readonly next: Positions
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
  const bounds = { items: request.limit, bytes: LIMITS.pageBytesMax }
  // Not before: who waits for this node to reach a cursor takes nobody's turn.
  const step = await request.turns.take(() => nextStep(deps, feed, from.value, bounds))
  if (!step.ok) return step
  const notices = await noticesFor(deps, reader, feed.labels.ids())
  if (!notices.ok) return notices
  const { items, next, isEnd } = step.value
  return accept({ notices: notices.value, items, next: cursorOf(deps, feed, next), isEnd })
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
  { scope }: OpenFeed,
  from: string,
): Promise<Result<Positions>> => {
  const positions = positionsFrom(deps, scope, from)
  if (positions === null) return refuse('cursor-invalid')
  return (await isCaughtUp(deps, positions)) ? accept(positions) : refuse('catching-up')
}

/** Up to so many items and bytes from `from` on, at least one if there is one. */
export const nextStep = async (
  deps: GatewayDeps,
  { reader, scope, labels }: OpenFeed,
  from: Positions,
  bounds: { readonly items: number; readonly bytes: number },
): Promise<Result<FeedStep>> => {
  await labels.prepare()
  // From here on without a pause: what is decided, read and released is so by one directory.
  const { sequence } = deps.directory.state
  const page = deps.index.page({
    realm: scope.realm,
    from,
    labelIds: labels.ids(),
    filter: scope.filter,
    nowMs: deps.clock.nowMs(),
    limit: bounds.items,
  })
  const { alerts, cutTopics } = withinBytes(page.alerts, bounds.bytes)
  const released = await release(deps, reader, 'RELEASE', alerts)
  if (!released.ok) return released
  const next = new Map([...page.next, ...cutTopics])
  const isEnd = cutTopics.size === 0 && page.alerts.length < bounds.items
  return accept({ alerts, items: released.value, sequence, next, isEnd })
}

export const cursorOf = (deps: GatewayDeps, { scope }: OpenFeed, positions: Positions): string =>
  encodeCursor(scope, positions, ciphers(deps))

const ciphers = ({ cursors, sha256 }: GatewayDeps) => ({ cipher: cursors, sha256 })

const positionsFrom = (deps: GatewayDeps, scope: CursorScope, from: string): Positions | null => {
  if (from === 'earliest') return new Map(scope.topics.map((topic) => [topic, 0]))
  if (from === 'now') {
    return new Map(scope.topics.map((topic) => [topic, deps.index.nextOffset(topic)]))
  }
  return decodeCursor(from, scope, ciphers(deps))
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

/**
 * The alerts that fit into so many bytes, at least one; and for each topic that was cut short, the
 * offset of the first alert that did not fit.
 */
const withinBytes = (alerts: readonly IndexedAlert[], bytesMax: number) => {
  let bytes = 0
  const fits = alerts.findIndex((alert, at) => {
    bytes += alert.frame.length
    return at > 0 && bytes > bytesMax
  })
  const cutTopics = new Map<string, number>()
  if (fits === -1) return { alerts, cutTopics }
  for (const { topic, offset } of alerts.slice(fits)) {
    if (!cutTopics.has(topic)) cutTopics.set(topic, offset)
  }
  return { alerts: alerts.slice(0, fits), cutTopics }
}
