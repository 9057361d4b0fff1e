import { type Progress, sumOf } from '#core/catching-up.ts'
import type { Clock } from '#core/ports/clock.ts'
import { type LogEntry, type MessageLog, OutcomeUnknown } from '#core/ports/message-log.ts'

/** A view over topics that keeps, with its rows, how far it has read. */
export interface TopicView {
  readonly topics: readonly string[]
  /** The first offset of `topic` that was not applied. */
  nextOffset(topic: string): number
  /**
   * Applies consecutive entries, which begin at `nextOffset(topic)`. Resolves when rows and next
   * offset are in; rejects with nothing applied, and is then called again with the same entries.
   * Throws TopicBlocked where it must not go on.
   */
  take(topic: string, entries: readonly LogEntry[]): Promise<void>
}

/** An entry that may be neither applied nor passed over on this node. */
export class TopicBlocked extends Error {
  override readonly name = 'TopicBlocked'
  /** Of that entry; null when none before it may be applied either. */
  readonly offset: number | null

  constructor(why: string, offset: number | null = null) {
    super(why)
    this.offset = offset
  }
}

export interface FollowersDeps {
  readonly log: MessageLog
  readonly clock: Clock
  /** Told why a topic stands still: for alarms. */
  readonly onTrouble: (topic: string, error: Error) => void
}

/** Keeps a view in step with its topics: one follower each, each topic in its own order. */
export class TopicFollowers {
  private readonly view: TopicView
  private readonly deps: FollowersDeps
  private readonly stopping = new AbortController()
  private readonly running: Promise<void>[] = []
  private readonly waiting = new Map<string, Set<() => void>>()
  private readonly listeners = new Set<() => void>()
  private readonly troubles = new Map<string, string>()
  /** The topics that are followed no further in this process. */
  private readonly ended = new Set<string>()

  constructor(view: TopicView, deps: FollowersDeps) {
    this.view = view
    this.deps = deps
  }

  start(): void {
    for (const topic of this.view.topics) this.running.push(this.follow(topic))
  }

  async stop(): Promise<void> {
    this.stopping.abort()
    await Promise.all(this.running)
  }

  /** Why topics stand still now, by topic; empty when all is well. */
  trouble(): ReadonlyMap<string, string> {
    return this.troubles
  }

  /**
   * Resolves once the view has applied all that was in its topics when this was called. Does not
   * wait for topics that are followed no further: `trouble` tells of them.
   */
  async caughtUp(): Promise<void> {
    await Promise.all(this.view.topics.map((topic) => this.caughtUpWith(topic)))
  }

  /** How much of its topics the view has applied. */
  async progress(): Promise<Progress> {
    const each = this.view.topics.map(async (topic) => {
      const done = this.view.nextOffset(topic)
      return { done, total: Math.max(done, await this.deps.log.head(topic)) }
    })
    return sumOf(await Promise.all(each))
  }

  /** As `caughtUp`, of one topic. */
  private async caughtUpWith(topic: string): Promise<void> {
    const head = await this.deps.log.head(topic)
    await this.isPassed(topic, head - 1)
  }

  /**
   * Resolves once the view has applied the entry at `offset`. Rejects with OutcomeUnknown when the
   * topic is followed no further, or when `signal`, which brings the deadline, aborts.
   */
  async passed(topic: string, offset: number, signal?: AbortSignal): Promise<void> {
    if (!(await this.isPassed(topic, offset, signal))) {
      throw new OutcomeUnknown(`the view has not passed ${topic} at ${offset}`)
    }
  }

  /**
   * Calls `listener` whenever the view may have applied something, until the function that it gives is
   * called. One listener serves all who wait for news in a process; it must not throw.
   */
  onApplied(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  private async isPassed(topic: string, offset: number, signal?: AbortSignal): Promise<boolean> {
    while (this.view.nextOffset(topic) <= offset) {
      if (this.ended.has(topic) || signal?.aborted) return false
      await this.nextWake(topic, signal)
    }
    return true
  }

  /** Nobody waits on after `signal`: a topic that stands still would gather waiters without end. */
  private nextWake(topic: string, signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const waiters = this.waiting.get(topic) ?? new Set()
    this.waiting.set(topic, waiters.add(resolve))
    const giveUp = (): void => {
      waiters.delete(resolve)
      resolve()
    }
    signal?.addEventListener('abort', giveUp, { once: true })
    return promise.finally(() => signal?.removeEventListener('abort', giveUp))
  }

  private wake(topic: string): void {
    const waiters = this.waiting.get(topic)
    this.waiting.delete(topic)
    for (const resolve of waiters ?? []) resolve()
    for (const listener of this.listeners) listener()
  }

  private async follow(topic: string): Promise<void> {
    const { signal } = this.stopping
    try {
      const from = this.view.nextOffset(topic)
      for await (const entries of this.deps.log.follow(topic, from, signal)) {
        await this.takeUntilDone(topic, entries)
        this.wake(topic)
      }
    } catch (error) {
      this.report(topic, error)
    }
    this.ended.add(topic)
    this.wake(topic)
  }

  /** A take that fails is tried again: passing over entries would lose them. */
  private async takeUntilDone(topic: string, entries: readonly LogEntry[]): Promise<void> {
    const { signal } = this.stopping
    for (let waitMs = RETRY_MS_MIN; !signal.aborted; waitMs = Math.min(waitMs * 2, RETRY_MS_MAX)) {
      try {
        await this.view.take(topic, entries)
        this.troubles.delete(topic)
        return
      } catch (error) {
        if (error instanceof TopicBlocked) return this.takeBefore(topic, entries, error)
        this.report(topic, error)
        await this.deps.clock.sleep(waitMs, signal)
      }
    }
  }

  /** What comes before an entry that blocks is good: to hold it back would be to lose it. */
  private async takeBefore(
    topic: string,
    entries: readonly LogEntry[],
    blocked: TopicBlocked,
  ): Promise<never> {
    const { offset } = blocked
    const before = entries.filter((entry) => offset !== null && entry.offset < offset)
    if (before.length > 0) await this.takeUntilDone(topic, before)
    throw blocked
  }

  private report(topic: string, thrown: unknown): void {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown))
    this.troubles.set(topic, `${error.name}: ${error.message}`)
    this.deps.onTrouble(topic, error)
  }
}

const RETRY_MS_MIN = 50
const RETRY_MS_MAX = 1_000
