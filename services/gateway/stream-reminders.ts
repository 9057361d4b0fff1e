import type { StreamEvent } from '#adapters/http/event-stream.ts'
import { accept, type Result } from '#core/refusal.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import type { DueAlert, DueList } from '#services/gateway/due-alerts.ts'
import type { OpenFeed } from '#services/gateway/read-feed.ts'
import {
  mayRemind,
  type Reminders,
  reminderName,
  remindersFor,
  reminderView,
} from '#services/gateway/reminders.ts'

/** What one stream has still to remind of: each once, at its opening or when it becomes due. */
export class StreamReminders {
  private readonly deps: GatewayDeps
  private readonly feed: OpenFeed
  private sent: ReadonlySet<string> = new Set()
  private wasCut = false
  private askedAt: { readonly list: DueList; readonly labels: readonly number[] } | null = null

  constructor(deps: GatewayDeps, feed: OpenFeed) {
    this.deps = deps
    this.feed = feed
  }

  /** Whether something became due, perhaps for this reader. Asked of each stream at each tick, so it
   * looks nothing up for one alone. */
  isDue(): boolean {
    try {
      return this.askedAt?.list !== this.deps.due.list(this.feed.reader.caller.realm)
    } catch {
      // An index that cannot be read. The stream's own next step meets that, and ends by it; thrown
      // here it would end all streams.
      return true
    }
  }

  hasNews(): boolean {
    return this.isDue() || this.askedAt?.labels !== this.feed.labels.ids()
  }

  /** The events to send, recorded. Each is then held to be sent. */
  async take(): Promise<Result<readonly StreamEvent[]>> {
    const { deps, feed } = this
    await feed.labels.prepare()
    const labels = feed.labels.ids()
    this.askedAt = { list: deps.due.list(feed.reader.caller.realm), labels }
    const found = await remindersFor(deps, feed.reader, labels)
    return found.ok ? accept(this.eventsOf(found.value)) : found
  }

  private eventsOf({ reminders, isCut }: Reminders): readonly StreamEvent[] {
    const fresh = reminders.filter((one) => !this.sent.has(reminderName(one)))
    const mayGo = fresh.filter((one) => mayRemind(this.deps, this.feed.reader, one))
    const cut = isCut && !this.wasCut ? [CUT] : []
    this.sent = new Set(reminders.map(reminderName))
    this.wasCut = isCut
    return [...cut, ...mayGo.map(eventOf)]
  }
}

const eventOf = (alert: DueAlert): StreamEvent => ({
  id: null,
  event: 'reminder',
  data: JSON.stringify(reminderView(alert)),
})

const CUT: StreamEvent = { id: null, event: 'reminders-cut', data: '{}' }
