import { isStillProven } from '#adapters/http/caller.ts'
import type { EventStream, StreamEvent } from '#adapters/http/event-stream.ts'
import type { FeedPlace } from '#core/cursor.ts'
import { LIMITS } from '#core/limits.ts'
import type { IndexedAlert } from '#core/ports/alert-index.ts'
import { inBoth, type ReadRights } from '#core/read-rights.ts'
import type { Refusal } from '#core/refusal.ts'
import { isStreamEnd, type StreamEnd } from '#core/stream-end.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { itemView } from '#services/gateway/item-view.ts'
import {
  cursorOf,
  type FeedStep,
  nameOf,
  nextStep,
  type OpenFeed,
} from '#services/gateway/read-feed.ts'
import { hasWidened, rightsOf } from '#services/gateway/reader-rights.ts'
import { isWithdrawnFrom } from '#services/gateway/recalled.ts'
import {
  decideRead,
  isPolicyActive,
  type Reader,
  type Released,
  standingFaultOf,
} from '#services/gateway/release.ts'
import { StreamNotices } from '#services/gateway/stream-notices.ts'
import { StreamReminders } from '#services/gateway/stream-reminders.ts'
import type { Turns } from '#services/gateway/turns.ts'

export interface FeedStreamDeps {
  readonly gateway: GatewayDeps
  /** For reading the index and recording: what all streams of a process do at once is bounded. */
  readonly turns: Turns
}

/**
 * One reader's live stream, over and over: waits for its turn, takes the next few alerts, has them
 * recorded, writes them one by one as the reader takes them, and waits for news when there is no
 * more. Before each alert is written it is judged again, for the reader may have been slow: so
 * records may exceed deliveries, by `streamRecordedAheadMax` at most when the connection breaks.
 */
export class FeedStream {
  private readonly deps: FeedStreamDeps
  private readonly feed: OpenFeed
  private readonly out: EventStream
  private readonly notices: StreamNotices
  private readonly reminders: StreamReminders
  /** Behind the last alert that was written or passed over. */
  private place: FeedPlace
  private beatAtMs: number
  private hasNews = true
  private wake: (() => void) | null = null

  constructor(deps: FeedStreamDeps, feed: OpenFeed, from: FeedPlace, out: EventStream) {
    this.deps = deps
    this.feed = feed
    this.out = out
    this.place = from
    this.notices = new StreamNotices(deps.gateway, feed)
    this.reminders = new StreamReminders(deps.gateway, feed)
    this.beatAtMs = deps.gateway.clock.monotonicMs()
  }

  /** Resolves when the stream is over, for whatever reason. */
  async run(): Promise<void> {
    const closed = this.out.closed().then(() => this.news())
    try {
      // A reader whose connection breaks before the first alert needs a place to go on from.
      this.beat()
      while (await this.step()) await this.untilNews()
    } catch (error) {
      this.out.fail(error, 'internal' satisfies StreamEnd)
    }
    await closed
  }

  /** There may be something new to read; or nothing more to wait for. */
  news(): void {
    this.hasNews = true
    this.wake?.()
  }

  /** To be called every `streamCheckMs`: ends the stream that may not go on, else keeps it alive. */
  check(): void {
    const why = streamEndOf(this.deps.gateway, this.feed.reader)
    if (this.out.checkStall() > LIMITS.streamStallMsMax) this.cut()
    else if (why !== null) this.end(why)
    else if (hasWidened(this.rightsNow(), this.place.rights)) this.news()
    else if (this.reminders.isDue()) this.news()
    // A reader that is behind has enough to read: a sign of life would only wait with the rest.
    else if (this.quietMs() >= LIMITS.heartbeatMs && !this.out.isBusy) this.beat()
  }

  end(why: StreamEnd): void {
    this.out.end(why)
  }

  cut(): void {
    this.out.cut()
  }

  private quietMs(): number {
    return this.deps.gateway.clock.monotonicMs() - this.beatAtMs
  }

  private beat(): void {
    this.beatAtMs = this.deps.gateway.clock.monotonicMs()
    this.out.beat(this.cursor())
  }

  private cursor(): string {
    return cursorOf(this.deps.gateway, this.feed, this.place)
  }

  private async untilNews(): Promise<void> {
    if (!this.hasNews && this.out.isOpen) {
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
      this.wake = null
    }
  }

  /** Gives what there is now; whether the stream goes on. */
  private async step(): Promise<boolean> {
    const { gateway, turns } = this.deps
    if (!(await this.tell(this.notices))) return false
    const taken = await turns.take(async () => {
      if (!this.mayGoOn()) return null
      // Forgotten before the index is read: what comes in meanwhile is news again.
      this.hasNews = false
      return nextStep(gateway, this.feed, this.place.positions, BOUNDS)
    })
    if (taken === null) return false
    if (!taken.ok) return this.refused(taken.refusal)
    if (!(await this.standOn(taken.value))) return false
    // After the alerts: a reminder must not hold up one that comes for the first time.
    const isOpen = (await this.deliver(taken.value)) && (await this.tell(this.reminders))
    if (!taken.value.isEnd) this.hasNews = true
    return isOpen
  }

  /** False when the stream is over, by what happened to the connection or to the reader's rights. */
  private mayGoOn(): boolean {
    if (!this.out.isOpen) return false
    const why = streamEndOf(this.deps.gateway, this.feed.reader)
    if (why !== null) this.end(why)
    return why === null
  }

  private async deliver(step: FeedStep): Promise<boolean> {
    const released = new Map(step.items.map((item) => [nameOf(item), item]))
    const last = step.alerts.findLast((alert) => released.has(nameOf(alert)))
    for (const alert of step.alerts) {
      const item = released.get(nameOf(alert))
      // What was recalled while the reader was slow is told before anything else goes.
      if (!(await this.tell(this.notices)) || !this.mayGoOn()) return false
      const mayGo = item !== undefined && this.mayStillGo(alert, step.sequence)
      // The last one's cursor also passes all that this reader was found not to be allowed, so that
      // one who resumes stands where one who stayed does.
      this.moveTo(alert === last ? step.next : behind(this.place, alert))
      if (mayGo && !(await this.write(item))) return false
      if (alert === last) break
    }
    this.moveTo(step.next)
    return true
  }

  /** What was taken from the reader on the way was passed over: its place does not say otherwise. */
  private moveTo({ positions, rights }: FeedPlace): void {
    const left = inBoth(this.place.rights, this.rightsNow())
    this.place = { positions, rights: inBoth(left, rights) }
  }

  /** Tells of rights that the reader had not when it passed here; whether the stream goes on. */
  private async standOn({ rights, next }: FeedStep): Promise<boolean> {
    const isWider = hasWidened(rights, this.place.rights)
    if (isWider && !(this.mayGoOn() && (await this.out.send(WIDENED)))) return false
    // Only now: until it is told, each cursor has to bring it up again.
    this.place = { ...this.place, rights: next.rights }
    if (isWider) this.beat()
    return true
  }

  private rightsNow(): ReadRights {
    return rightsOf(this.deps.gateway, this.feed.reader.caller)
  }

  /** Tells of recalls, or reminds, if there is anything to say; whether the stream goes on. */
  private async tell(what: StreamNotices | StreamReminders): Promise<boolean> {
    if (!what.hasNews()) return true
    const taken = await this.deps.turns.take(async () => (this.mayGoOn() ? what.take() : null))
    if (taken === null) return false
    if (!taken.ok) return this.refused(taken.refusal)
    for (const { event, mayGo } of taken.value) {
      if (!this.mayGoOn()) return false
      // The reader may have let those before it wait for long.
      if (mayGo() && !(await this.out.send(event))) return false
    }
    return true
  }

  private refused({ code }: Refusal): false {
    const why = isStreamEnd(code) ? code : 'internal'
    // Takes no right away: the reader keeps what was written, and else would never get past it.
    if (why === 'index-damaged' || why === 'record-not-durable') this.out.finish(why)
    else this.end(why)
    return false
  }

  private write(item: Released): Promise<boolean> {
    this.beatAtMs = this.deps.gateway.clock.monotonicMs()
    const data = JSON.stringify(itemView(item))
    return this.out.send({ id: this.cursor(), event: 'alert', data })
  }

  /** The reader may have let this one wait for long. A recall moves no directory. */
  private mayStillGo(alert: IndexedAlert, decidedAt: number): boolean {
    const { gateway } = this.deps
    const { reader } = this.feed
    const { expiresAtMs } = alert
    if (expiresAtMs !== null && expiresAtMs <= gateway.clock.nowMs()) return false
    if (isWithdrawnFrom(gateway, reader.caller.agency, alert)) return false
    if (gateway.directory.state.sequence === decidedAt) return true
    return (
      decideRead(gateway, reader.caller, alert).allowed &&
      standingFaultOf(gateway, reader, alert) === null
    )
  }
}

/** Why this reader's stream may not go on now; null while it may. */
export const streamEndOf = (deps: GatewayDeps, { caller }: Reader): StreamEnd | null => {
  const { directory, clock } = deps
  if (caller.tokenExpiresAtMs <= clock.nowMs()) return 'token-expired'
  if (!directory.isFresh()) return 'directory-stale'
  // Whoever still has a key that holds gets another token, and goes on.
  if (!isStillProven(directory.state, caller.provenBy, clock.nowMs())) return 'token-expired'
  if (!isPolicyActive(deps)) return 'policy-not-active'
  const standing = directory.state.standingOf(caller.principal, caller.realm)
  if (standing === null || !standing.active) return 'suspended'
  return standing.roles.includes('subscriber') ? null : 'role-missing'
}

const BOUNDS = {
  items: LIMITS.streamRecordedAheadMax,
  bytes: LIMITS.streamRecordedAheadBytesMax,
}

/** Says no more than the directory says to the reader anyway. */
const WIDENED: StreamEvent = { id: null, event: 'widened', data: '{}' }

const behind = (place: FeedPlace, { topic, offset }: IndexedAlert): FeedPlace => ({
  ...place,
  positions: new Map(place.positions).set(topic, offset + 1),
})
