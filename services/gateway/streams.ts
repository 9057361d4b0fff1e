import type { FastifyReply } from 'fastify'
import { EventStream } from '#adapters/http/event-stream.ts'
import type { FeedPlace } from '#core/cursor.ts'
import { LIMITS } from '#core/limits.ts'
import type { PrincipalId } from '#core/principal.ts'
import { accept, type Result, refuse } from '#core/refusal.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { FeedStream } from '#services/gateway/feed-stream.ts'
import type { OpenFeed } from '#services/gateway/read-feed.ts'
import { Turns } from '#services/gateway/turns.ts'

/** A place among the streams of this process. To be given back. */
export interface Place {
  giveBack(): void
}

/**
 * All live streams of a process. They share one wake-up, one clock tick and one queue for work, so
 * that a thousand quiet streams cost next to nothing, and no stream asks the index without news.
 */
export class Streams {
  private readonly deps: GatewayDeps
  private readonly turns = new Turns(LIMITS.streamRecordingAtOnceMax)
  private readonly open = new Set<FeedStream>()
  private readonly running = new Set<Promise<void>>()
  private readonly placesOf = new Map<PrincipalId, number>()
  private readonly closing = new AbortController()
  private readonly unsubscribe: () => void
  private places = 0
  private hasNews = false
  private waking: Promise<void> | null = null
  private ticking: Promise<void> | null = null

  constructor(deps: GatewayDeps) {
    this.deps = deps
    this.unsubscribe = deps.alertFollowers.onApplied(() => {
      this.hasNews = true
      this.waking ??= this.wakeAll()
    })
  }

  get count(): number {
    return this.open.size
  }

  /** Refused past the bounds of the principal or of the process. */
  takePlace(principal: PrincipalId): Result<Place> {
    const own = this.placesOf.get(principal) ?? 0
    if (own >= LIMITS.streamsPerPrincipalMax) return refuse('streams-too-many')
    if (this.places >= LIMITS.streamsMax || this.closing.signal.aborted) return refuse('overloaded')
    this.places += 1
    this.placesOf.set(principal, own + 1)
    return accept({ giveBack: () => this.giveBack(principal) })
  }

  /** Takes the reply over, and the place: it is given back when the stream is over. */
  start(reply: FastifyReply, feed: OpenFeed, from: FeedPlace, place: Place): void {
    const out = new EventStream(reply, this.deps.clock)
    const stream = new FeedStream({ gateway: this.deps, turns: this.turns }, feed, from, out)
    this.open.add(stream)
    const over = stream.run().finally(() => {
      this.open.delete(stream)
      this.running.delete(over)
      place.giveBack()
    })
    this.running.add(over)
    this.ticking ??= this.tick()
    if (this.closing.signal.aborted) stream.end('shutdown')
  }

  /** Ends all streams; resolves when the last one is over. */
  async close(): Promise<void> {
    this.closing.abort()
    this.unsubscribe()
    for (const stream of this.open) stream.end('shutdown')
    const over = new AbortController()
    const patience = this.deps.clock.sleep(LIMITS.streamCloseMsMax, over.signal).then(() => {
      // Who has not taken the end by now would hold the process.
      for (const stream of this.open) stream.cut()
    })
    await Promise.all(this.running)
    over.abort()
    await Promise.all([patience, this.waking, this.ticking])
  }

  private giveBack(principal: PrincipalId): void {
    const left = (this.placesOf.get(principal) ?? 1) - 1
    this.places -= 1
    if (left > 0) this.placesOf.set(principal, left)
    else this.placesOf.delete(principal)
  }

  /** At once after a quiet time; when alerts pour in, less often the more streams there are. */
  private async wakeAll(): Promise<void> {
    const { signal } = this.closing
    while (this.hasNews && !signal.aborted) {
      this.hasNews = false
      for (const stream of this.open) stream.news()
      await this.deps.clock.sleep(this.open.size / STREAMS_WOKEN_PER_MS, signal)
    }
    this.waking = null
  }

  private async tick(): Promise<void> {
    while (this.open.size > 0) {
      await this.deps.clock.sleep(LIMITS.streamCheckMs, this.closing.signal)
      if (this.closing.signal.aborted) break
      for (const stream of this.open) this.checkOne(stream)
    }
    this.ticking = null
  }

  /** One that cannot be judged may not go on, and is not to take the others along. */
  private checkOne(stream: FeedStream): void {
    try {
      stream.check()
    } catch {
      stream.end('internal')
    }
  }
}

const STREAMS_WOKEN_PER_MS = 10
