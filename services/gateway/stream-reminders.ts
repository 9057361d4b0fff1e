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
import type { Telling } from '#services/gateway/stream-notices.ts'

/** What one stream has still to remind of: each once, at its opening or when it becomes due. */
export class StreamReminders {
  private readonly deps: GatewayDeps
  private readonly feed: OpenFeed
  private sent = new Set<string>()
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

  /** The events to send, recorded. Each is then held to be sent, if it still may. */
  async take(): Promise<Result<readonly Telling[]>> {
    const { deps, feed } = this
    await feed.labels.prepare()
    const labels = feed.labels.ids()
    this.askedAt = { list: deps.due.list(feed.reader.caller.realm), labels }
    const found = await remindersFor(deps, feed.reader, labels)
    return found.ok ? accept(this.tellingsOf(found.value)) : found
  }

  private tellingsOf({ reminders, isCut }: Reminders): readonly Telling[] {
    const fresh = reminders.filter((one) => !this.sent.has(reminderName(one)))
    const cut = isCut && !this.wasCut ? [{ event: CUT, mayGo: () => true }] : []
    this.sent = new Set(reminders.map(reminderName))
    this.wasCut = isCut
    return [...cut, ...fresh.map((one) => this.tellingOf(one))]
  }

  private tellingOf(one: DueAlert): Telling {
    const mayGo = (): boolean => {
      if (mayRemind(this.deps, this.feed.reader, one)) return true
      // For when the right comes back.
      this.sent.delete(reminderName(one))
      this.askedAt = null
      return false
    }
    return { event: eventOf(one), mayGo }
  }
}

const eventOf = (alert: DueAlert): StreamEvent => ({
  id: null,
  event: 'reminder',
  data: JSON.stringify(reminderView(alert)),
})

const CUT: StreamEvent = { id: null, event: 'reminders-cut', data: '{}' }
