import { type CursorScope, decodeCursor, encodeCursor, type Positions } from '#core/cursor.ts'
import { withDeadline } from '#core/deadline.ts'
import { LIMITS } from '#core/limits.ts'
import type { FeedFilter, IndexedAlert } from '#core/ports/alert-index.ts'
import { OutcomeUnknown } from '#core/ports/message-log.ts'
import { accept, type Result, refuse } from '#core/refusal.ts'
import { alertTopics } from '#core/topics.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { decideRead, type Reader, type Released, release } from '#services/gateway/release.ts'

export interface FeedRequest {
  /** `earliest`, `now`, or a cursor. */
  readonly from: string
  readonly filter: FeedFilter
  readonly limit: number
}

export interface FeedPage {
  readonly items: readonly Released[]
  /** The cursor to go on from. */
  readonly next: string
  /** Whether all that this reader may have was given when the page was made. */
  readonly isEnd: boolean
}

/** One page of a reader's feed. What the feed filters out, or the policy denies, makes no record. */
export const readFeed = async (
  deps: GatewayDeps,
  reader: Reader,
  request: FeedRequest,
): Promise<Result<FeedPage>> => {
  const { principal, realm } = reader.caller
  const { filter } = request
  const topics = alertTopics(realm).filter((topic) => deps.alertTopics.includes(topic))
  const scope = { principal, realm, filter, topics }
  const from = positionsFrom(deps, scope, request.from)
  if (from === null) return refuse('cursor-invalid')
  if (!(await isCaughtUp(deps, from))) return refuse('catching-up')
  const page = deps.index.page({
    realm,
    from,
    labelIds: allowedLabels(deps, reader),
    filter,
    nowMs: deps.clock.nowMs(),
    limit: request.limit,
  })
  const { alerts, cutTopics } = withinBytes(page.alerts)
  const released = await release(deps, reader, 'RELEASE', alerts)
  if (!released.ok) return released
  const next = encodeCursor(scope, new Map([...page.next, ...cutTopics]), ciphers(deps))
  const isEnd = cutTopics.size === 0 && page.alerts.length < request.limit
  return accept({ items: released.value, next, isEnd })
}

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

/** Policy decides each distinct (origin, label) once; the index selects by the answer. */
const allowedLabels = (deps: GatewayDeps, { caller }: Reader): readonly number[] =>
  deps.index
    .labels(caller.realm)
    .filter((one) => decideRead(deps, caller, one).allowed)
    .map(({ id }) => id)

/**
 * The alerts that fit into one page, at least one; and for each topic that was cut short, the
 * offset of the first alert that did not fit.
 */
const withinBytes = (alerts: readonly IndexedAlert[]) => {
  let bytes = 0
  const fits = alerts.findIndex((alert, at) => {
    bytes += alert.frame.length
    return at > 0 && bytes > LIMITS.pageBytesMax
  })
  const cutTopics = new Map<string, number>()
  if (fits === -1) return { alerts, cutTopics }
  for (const { topic, offset } of alerts.slice(fits)) {
    if (!cutTopics.has(topic)) cutTopics.set(topic, offset)
  }
  return { alerts: alerts.slice(0, fits), cutTopics }
}
