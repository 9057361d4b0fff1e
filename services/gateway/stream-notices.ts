import type { StreamEvent } from '#adapters/http/event-stream.ts'
import type { IndexedRecall, Recalls } from '#core/ports/alert-index.ts'
import { accept, type Result } from '#core/refusal.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import type { OpenFeed } from '#services/gateway/read-feed.ts'
import { mayTell, noticesFor, noticeView } from '#services/gateway/recall-notices.ts'

/** An event that is on record, and whether it may still go: asked when its turn to be sent comes. */
export interface Telling {
  readonly event: StreamEvent
  readonly mayGo: () => boolean
}

/** What one stream has still to say of recalls: each once, at its opening or when it is there. */
export class StreamNotices {
  private readonly deps: GatewayDeps
  private readonly feed: OpenFeed
  private sent = new Set<string>()
  private wasCut = false
  /** What the index had, and which labels were allowed, when it was asked last. */
  private askedAt: { readonly mark: object; readonly labels: readonly number[] } | null = null

  constructor(deps: GatewayDeps, feed: OpenFeed) {
    this.deps = deps
    this.feed = feed
  }

  /** Whether there may be something to say. Asked before each alert, so it looks nothing up. */
  hasNews(): boolean {
    const { askedAt } = this
    const isSame = askedAt?.mark === this.deps.index.recallsMark()
    return !(isSame && askedAt.labels === this.feed.labels.ids())
  }

  /** The events to send, recorded, the oldest first. Each is then held to be sent, if it still may. */
  async take(): Promise<Result<readonly Telling[]>> {
    const { deps, feed } = this
    // A stream’s first question, so the one that may find a thousand labels to decide on.
    await feed.labels.prepare()
    const labels = feed.labels.ids()
    this.askedAt = { mark: deps.index.recallsMark(), labels }
    const found = await noticesFor(deps, feed.reader, labels)
    return found.ok ? accept(this.tellingsOf(found.value)) : found
  }

  private tellingsOf({ recalls, isCut }: Recalls): readonly Telling[] {
    const fresh = recalls.filter((one) => !this.sent.has(nameOf(one)))
    const cut = isCut && !this.wasCut ? [{ event: CUT, mayGo: () => true }] : []
    this.sent = new Set(recalls.map(nameOf))
    this.wasCut = isCut
    return [...cut, ...fresh.map((one) => this.tellingOf(one)).reverse()]
  }

  private tellingOf(one: IndexedRecall): Telling {
    const mayGo = (): boolean => {
      if (mayTell(this.deps, this.feed.reader, one)) return true
      // For when the right comes back.
      this.sent.delete(nameOf(one))
      this.askedAt = null
      return false
    }
    return { event: eventOf(one), mayGo }
  }
}

const nameOf = ({ origin, id }: IndexedRecall): string => `${origin}/${id}`

const eventOf = (recall: IndexedRecall): StreamEvent => ({
  id: null,
  event: 'recall',
  data: JSON.stringify(noticeView(recall)),
})

/** All recalls stand in the feed, as alerts. */
const CUT: StreamEvent = { id: null, event: 'notices-cut', data: '{}' }
