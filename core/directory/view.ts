import type { DirectoryFault } from '#core/directory/authority.ts'
import { type JudgeDeps, type Judgement, judgeEntry } from '#core/directory/judge.ts'
import { DirectoryState } from '#core/directory/state.ts'
import { LIMITS } from '#core/limits.ts'
import type { Clock } from '#core/ports/clock.ts'
import { type LogEntry, LogUnavailable, type MessageLog } from '#core/ports/message-log.ts'
import { DIRECTORY_TOPIC } from '#core/topics.ts'

export interface DirectoryViewDeps extends JudgeDeps {
  readonly log: MessageLog
  readonly clock: Clock
  /** Told of each entry that is ignored: somebody wrote what they may not. */
  readonly onIgnored: (offset: number, fault: DirectoryFault) => void
  /**
   * Told of each entry that was applied though the time it claims is not the time it came: no
   * gateway takes such a one. All who read the topic must apply the same, so it counts all the same.
   */
  readonly onLate?: (offset: number, sequence: number) => void
}

/** Where an entry of the chain lies in the topic. */
export interface EntryPlace {
  readonly offset: number
  readonly digest: Uint8Array
}

/**
 * The directory as this process knows it: follows the topic, applies what is authorised, ignores
 * the rest, and knows how old its knowledge is. Kept in memory; rebuilt from the topic at start.
 */
export class DirectoryView {
  readonly state: DirectoryState
  private readonly deps: DirectoryViewDeps
  private readonly stopping = new AbortController()
  private readonly running: Promise<void>[] = []
  private readonly places: EntryPlace[] = []
  private nextOffset = 0
  private isWatching = false
  private confirmedAtMs = Number.NEGATIVE_INFINITY
  /** Why the view cannot go on; null while it can. Its freshness runs out by itself. */
  failure: Error | null = null

  constructor(deps: DirectoryViewDeps) {
    this.deps = deps
    this.state = new DirectoryState(deps.sha256)
  }

  /** Begins to follow; resolves once the head was confirmed for the first time. */
  async start(): Promise<void> {
    this.running.push(this.followTopic(), this.confirmHead())
    while (!this.isFresh() && this.failure === null) await this.deps.clock.sleep(POLL_MS)
    if (this.failure !== null) throw this.failure
  }

  /** From now on, entries come when they are made. */
  watchTimes(): void {
    this.isWatching = true
  }

  async stop(): Promise<void> {
    this.stopping.abort()
    await Promise.all(this.running)
  }

  /** Whether the head was confirmed within `directoryAgeMsMax`: older knowledge releases nothing. */
  isFresh(): boolean {
    return this.ageMs() <= LIMITS.directoryAgeMsMax
  }

  /** How long ago it was certain that nothing newer was in the topic. */
  ageMs(): number {
    return this.deps.clock.monotonicMs() - this.confirmedAtMs
  }

  /**
   * Asks the topic for its head and resolves once everything before it was applied. Rejects when
   * the view cannot go on so far: whoever took that for caught up would find a frame stamped by an
   * entry that this view lacks, call it forged, and pass over an alert for good.
   */
  async catchUp(signal?: AbortSignal): Promise<void> {
    const askedAtMs = this.deps.clock.monotonicMs()
    await this.passed(await this.deps.log.head(DIRECTORY_TOPIC), signal)
    this.confirmedAtMs = Math.max(this.confirmedAtMs, askedAtMs)
  }

  /** Resolves once everything below `offset` was judged. Rejects as `catchUp` does, or when
   * `signal` aborts first. */
  async passed(offset: number, signal?: AbortSignal): Promise<void> {
    while (this.nextOffset < offset && this.canGoOn() && !signal?.aborted) {
      await this.deps.clock.sleep(POLL_MS)
    }
    if (this.nextOffset < offset) throw this.failure ?? new LogUnavailable('the view was stopped')
  }

  /** Whether `bytes` may follow the directory as it is now. */
  judge(bytes: Uint8Array): Promise<Judgement> {
    return judgeEntry(this.state, bytes, this.deps)
  }

  /** Null when the chain is not so long. */
  placeOf(sequence: number): EntryPlace | null {
    return this.places[sequence] ?? null
  }

  private canGoOn(): boolean {
    return this.failure === null && !this.stopping.signal.aborted
  }

  private async followTopic(): Promise<void> {
    try {
      const { signal } = this.stopping
      for await (const batch of this.deps.log.follow(DIRECTORY_TOPIC, this.nextOffset, signal)) {
        for (const entry of batch) await this.take(entry)
      }
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error(String(error))
    }
  }

  private async take({ offset, value }: LogEntry): Promise<void> {
    const judgement = await judgeEntry(this.state, value, this.deps)
    if (judgement.ok) {
      const { entry, digest } = judgement
      this.places[entry.sequence] = { offset, digest }
      this.state.apply(entry, digest)
      const skewMs = Math.abs(this.deps.clock.nowMs() - entry.enteredAtMs)
      const isLate = this.isWatching && skewMs > LIMITS.enteredAtSkewMsMax
      if (isLate) this.deps.onLate?.(offset, entry.sequence)
    } else {
      this.deps.onIgnored(offset, judgement.fault)
    }
    this.nextOffset = offset + 1
  }

  private async confirmHead(): Promise<void> {
    while (this.canGoOn()) {
      try {
        await this.catchUp()
      } catch {
        // It cannot be confirmed now: knowledge grows old, and reads close when it is too old.
      }
      await this.deps.clock.sleep(LIMITS.directoryConfirmMs, this.stopping.signal)
    }
  }
}

const POLL_MS = 5
