import type { OnAlarm } from '#core/alarm.ts'
import type { Sha256 } from '#core/hash.ts'
import type { Clock } from '#core/ports/clock.ts'
import type { IntakeStore } from '#core/ports/intake-store.ts'
import type { MessageLog } from '#core/ports/message-log.ts'
import { TopicFollowers } from '#core/topic-followers.ts'
import { PublishView } from '#services/audit/publish-view.ts'
import { StampView } from '#services/audit/stamp-view.ts'

export interface CompareIntakeDeps {
  readonly log: MessageLog
  /** This service's own: alerts whose stamp agrees with the access log, and how far that is read. */
  readonly store: IntakeStore
  readonly sha256: Sha256
  readonly clock: Clock
  readonly onAlarm: OnAlarm
  readonly onTrouble: (topic: string, error: Error) => void
}

/** Compares records of publication with the frames of the intake topics, both ways. */
export class IntakeComparison {
  private readonly deps: CompareIntakeDeps
  private readonly publishes: PublishView
  private readonly stampFollowers: TopicFollowers
  private readonly publishFollowers: TopicFollowers
  private readonly stopping = new AbortController()
  private sweeping: Promise<void> = Promise.resolve()

  constructor(deps: CompareIntakeDeps) {
    this.deps = deps
    const publishes = new PublishView(deps)
    const onStamped = publishes.stamped.bind(publishes)
    this.publishes = publishes
    this.stampFollowers = new TopicFollowers(new StampView({ ...deps, onStamped }), deps)
    this.publishFollowers = new TopicFollowers(publishes, deps)
  }

  start(): void {
    this.stampFollowers.start()
    this.publishFollowers.start()
    this.sweeping = this.sweep()
  }

  async stop(): Promise<void> {
    this.stopping.abort()
    this.publishes.stop()
    await Promise.all([this.stampFollowers.stop(), this.publishFollowers.stop(), this.sweeping])
  }

  /** Why topics stand still now, by topic. */
  trouble(): ReadonlyMap<string, string> {
    return new Map([...this.stampFollowers.trouble(), ...this.publishFollowers.trouble()])
  }

  /** Resolves once all that was in the topics when this was called has been looked at. */
  async caughtUp(): Promise<void> {
    await Promise.all([this.stampFollowers.caughtUp(), this.publishFollowers.caughtUp()])
  }

  private async sweep(): Promise<void> {
    const { clock } = this.deps
    const { signal } = this.stopping
    while (!signal.aborted) {
      await clock.sleep(SWEEP_MS, signal)
      try {
        await this.giveUpOverdue()
        this.publishes.settle()
      } catch {
        // The log or the store cannot be asked now; the followers say so, and this comes again.
      }
    }
  }

  private async giveUpOverdue(): Promise<void> {
    const overdue = this.publishes.overdue(this.deps.clock.monotonicMs())
    if (overdue.length === 0) return
    // A frame may be in its topic and not yet be read: then it is this service that is late.
    await this.stampFollowers.caughtUp()
    this.publishes.giveUp(overdue)
  }
}

const SWEEP_MS = 1_000
