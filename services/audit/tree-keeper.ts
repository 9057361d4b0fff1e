import { accessLeafHashes, LogBroken } from '#core/access-leaves.ts'
import type { OnAlarm } from '#core/alarm.ts'
import { largestOf, type SignedCheckpoint } from '#core/last-checkpoint.ts'
import { LIMITS } from '#core/limits.ts'
import type { Clock } from '#core/ports/clock.ts'
import { OffsetGone } from '#core/ports/message-log.ts'
import { TileConflict } from '#core/ports/tile-store.ts'
import { openCheckpoint } from '#core/tlog/signed-checkpoint.ts'
import { EMPTY_EDGE, type TreeEdge } from '#core/tlog/tree.ts'
import type { VerifierKey } from '#core/tlog/verifier-key.ts'
import { ACCESS_TOPIC, CHECKPOINTS_TOPIC } from '#core/topics.ts'
import { Bell } from '#services/audit/bell.ts'
import { type IntegrateDeps, integrate } from '#services/audit/integrate.ts'
import { LogShorterThanCheckpoint } from '#services/audit/log-fault.ts'
import { noteText } from '#services/audit/published.ts'
import { restoreTree } from '#services/audit/restore.ts'
import { type SignedBefore, signedBefore } from '#services/audit/signed-before.ts'

export interface TreeKeeperDeps extends IntegrateDeps {
  readonly clock: Clock
  /** How long after one checkpoint the next may come at the earliest; ≤ `checkpointMsMax`. */
  readonly checkpointEveryMs: number
  /** Notes from elsewhere that this log must still agree with: a backup's, a witness's. */
  readonly savedCheckpoints: readonly Uint8Array[]
  /** Those that the log was signed with before, also under another name. */
  readonly formerKeys: readonly VerifierKey[]
  /** Why the key must sign nothing more; null while it is the log's. */
  readonly keyFault: () => Error | null
  readonly onAlarm: OnAlarm
  /** Told now and then while tiles are rebuilt from the topic. */
  readonly onProgress: (done: number, size: number) => void
}

/**
 * Keeps the Merkle tree over the access topic. One loop reads entries and holds their leaf hashes;
 * the other takes all that are held and publishes one checkpoint for them. A store that fails is
 * tried again for ever; a topic that is not the signed one ends the work, and `failure` says why.
 */
export class TreeKeeper {
  private readonly deps: TreeKeeperDeps
  private readonly stopping = new AbortController()
  /** Aborts when the next checkpoint is the last, and waits for no interval. */
  private readonly ending = new AbortController()
  private readonly changed = new Bell()
  private running: readonly Promise<void>[] = []
  private edge: TreeEdge = EMPTY_EDGE
  /** Leaf hashes behind the edge, in order. */
  private held: readonly Uint8Array[] = []
  private publishedAtMs = Number.NEGATIVE_INFINITY
  private failedWith: Error | null = null
  private troubledBy: Error | null = null

  constructor(deps: TreeKeeperDeps) {
    this.deps = deps
  }

  /** Why the log is not signed any further; null while it is. */
  get failure(): Error | null {
    return this.failedWith
  }

  /** How long ago the newest checkpoint was published; null when this process has published none. */
  get checkpointAgeMs(): number | null {
    const ageMs = this.deps.clock.monotonicMs() - this.publishedAtMs
    return Number.isFinite(ageMs) ? ageMs : null
  }

  /** Why the last attempt to publish did not succeed; null when it did. */
  get trouble(): Error | null {
    return this.troubledBy
  }

  /** Publishes the last checkpoint again, or a first one of size 0, and begins to follow. Rejects,
   * having signed nothing, when the stores do not hold the tree that was signed before. */
  async start(): Promise<void> {
    const { trust, formerKeys } = this.deps
    const before = await signedBefore({ ...this.deps, trust: { ...trust, formerKeys } })
    const known = [before.inTopic, before.inTileStore, ...before.saved].filter(isThere)
    const newest = largestOf(known)
    if (newest === null) {
      this.edge = await integrate(this.deps, EMPTY_EDGE, [])
    } else {
      this.edge = await restoreTree(this.deps, newest, known)
      // After a change of key the same tree is signed with the new one: readers trust no other.
      const isCurrent = (await openCheckpoint(newest.note, trust)).ok
      if (isCurrent) await this.publishAgain(newest, before)
      else this.edge = await integrate(this.deps, this.edge, [])
    }
    this.running = [this.readLeaves(), this.publishLeaves()]
  }

  /** Ends the work where it stands; the next start covers what is not covered yet. */
  async stop(): Promise<void> {
    this.stopping.abort()
    this.changed.ring()
    await Promise.all(this.running)
  }

  /**
   * Stops behind a checkpoint over all that is in the topic now: a proof of what was answered before
   * would otherwise have to wait for the next start. Stores that fail are tried for
   * `lastCheckpointMsMax`.
   */
  async finish(): Promise<void> {
    this.ending.abort()
    await this.coverRest()
    await this.stop()
  }

  /** Resolves once all that was in the topic when this was called is published, or never will be. */
  async caughtUp(): Promise<void> {
    const head = await this.deps.log.head(ACCESS_TOPIC)
    const { signal } = this.stopping
    while (this.edge.size < head && !signal.aborted) await this.changed.heard()
  }

  private async coverRest(): Promise<void> {
    if (this.running.length === 0) return
    const { clock, onAlarm } = this.deps
    const over = new AbortController()
    const late = clock.sleep(LIMITS.lastCheckpointMsMax, over.signal).then(() => 'late')
    // Whose head cannot be asked has nothing to read either.
    const covered = this.caughtUp().catch((error: unknown) => asError(error).message)
    const why = await Promise.race([covered, late])
    over.abort()
    if (why !== undefined) onAlarm({ what: 'log-delayed', why: `no last checkpoint: ${why}` })
  }

  /** Completes what a crash, or a restore of one store and not the other, left undone. */
  private async publishAgain(newest: SignedCheckpoint, before: SignedBefore): Promise<void> {
    const { log, tiles, published } = this.deps
    if (before.inTopic === null || before.inTopic.size < newest.size) {
      await log.append(CHECKPOINTS_TOPIC, [newest.note])
    }
    if (before.inTileStore?.size !== newest.size) await tiles.writeCheckpoint(noteText(newest))
    published.set(newest)
  }

  private async readLeaves(): Promise<void> {
    const { log, sha256 } = this.deps
    const { signal } = this.stopping
    try {
      for await (const entries of log.follow(ACCESS_TOPIC, this.nextLeaf(), signal)) {
        const hashes = accessLeafHashes(sha256, this.nextLeaf(), entries)
        while (this.held.length >= LIMITS.leavesHeldMax && !signal.aborted) {
          await this.changed.heard()
        }
        this.held = [...this.held, ...hashes]
        this.changed.ring()
      }
    } catch (error) {
      this.fail(await this.explained(error))
    }
  }

  private nextLeaf(): number {
    return this.edge.size + this.held.length
  }

  private async publishLeaves(): Promise<void> {
    const { clock, checkpointEveryMs } = this.deps
    const { signal } = this.stopping
    while (!signal.aborted) {
      if (this.held.length === 0) {
        await this.changed.heard()
        continue
      }
      // After an idle time this is no wait at all, so a lone record is covered at once.
      const dueMs = this.publishedAtMs + checkpointEveryMs - clock.monotonicMs()
      if (dueMs > 0) await clock.sleep(dueMs, AbortSignal.any([signal, this.ending.signal]))
      await this.publishUntilDone()
    }
  }

  /** Each attempt starts from the edge that was last published, with all leaves that are held. */
  private async publishUntilDone(): Promise<void> {
    const { signal } = this.stopping
    for (let waitMs = RETRY_MS_MIN; !signal.aborted; waitMs *= 2) {
      const hashes = this.held
      const keyFault = this.deps.keyFault()
      if (keyFault !== null) return this.fail(keyFault)
      try {
        this.edge = await integrate(this.deps, this.edge, hashes)
        this.held = this.held.slice(hashes.length)
        this.publishedAtMs = this.deps.clock.monotonicMs()
        this.troubledBy = null
        this.changed.ring()
        return
      } catch (error) {
        if (error instanceof TileConflict) return this.fail(error)
        this.report(asError(error))
        await this.deps.clock.sleep(Math.min(waitMs, LIMITS.integrateRetryMsMax), signal)
      }
    }
  }

  private report(error: Error): void {
    // Once for each trouble, not for each attempt.
    if (this.troubledBy?.message !== error.message) {
      this.deps.onAlarm({ what: 'log-delayed', why: `${error.name}: ${error.message}` })
    }
    this.troubledBy = error
  }

  private fail(error: Error): void {
    if (this.failedWith !== null) return
    this.failedWith = error
    this.deps.onAlarm({ what: 'log-stopped', why: `${error.name}: ${error.message}` })
    this.stopping.abort()
    this.changed.ring()
  }

  private async explained(error: unknown): Promise<Error> {
    if (!(error instanceof OffsetGone)) return asError(error)
    const head = await this.deps.log.head(ACCESS_TOPIC).catch(() => null)
    const next = this.nextLeaf()
    return head !== null && head < next
      ? new LogShorterThanCheckpoint(`access has ${head} entries, ${next} were read before`)
      : new LogBroken(`access has lost entry ${next}`)
  }
}

const RETRY_MS_MIN = 100

const isThere = <T>(value: T | null): value is T => value !== null

const asError = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error(String(thrown))
