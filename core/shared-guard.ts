import type { OnAlarm } from '#core/alarm.ts'
import { LIMITS } from '#core/limits.ts'
import type { Clock } from '#core/ports/clock.ts'
import type { Guard, GuardStore, Rate, Taken } from '#core/ports/guard.ts'

export interface SharedGuardDeps {
  readonly store: GuardStore
  /** Of this process alone; answers while the store does not. */
  readonly local: Guard
  /** How many processes share the store: alone, each allows that part of a rate. */
  readonly processes: number
  readonly clock: Clock
  readonly onAlarm: OnAlarm
  /** How long an answer of the store is waited for. */
  readonly answerMsMax: number
}

/**
 * A guard over a store that several processes share. Whoever asks waits for it `answerMsMax`
 * at most, and then, as everyone after, is answered by the local guard until the store answers a
 * ping again: so while it is gone nobody waits. What it forgot, or could not be told, lets pass at
 * most what a fresh guard would.
 */
export const openSharedGuard = async (deps: SharedGuardDeps): Promise<Guard> => {
  const guard = new SharedGuard(deps)
  await guard.begin()
  return guard
}

const CONNECT_POLL_MS = 20

class SharedGuard implements Guard {
  private readonly deps: SharedGuardDeps
  private readonly closing = new AbortController()
  /** Under way while the store does not answer. */
  private recovering: Promise<void> | null = null

  constructor(deps: SharedGuardDeps) {
    this.deps = deps
  }

  /** Gives the store a little time to connect; without it, begins all the same. */
  async begin(): Promise<void> {
    const { store, clock } = this.deps
    const untilMs = clock.monotonicMs() + LIMITS.guardConnectMsMax
    let answer = await this.inTime(store.ping())
    while (!answer.came && clock.monotonicMs() < untilMs) {
      await clock.sleep(CONNECT_POLL_MS)
      answer = await this.inTime(store.ping())
    }
    if (!answer.came) this.recover()
  }

  /** Marked here too, so that a store that forgot or was away lets no mark be used again at this
   * process; only at another. */
  async useOnce(key: string, ttlMs: number): Promise<boolean> {
    if (!(await this.deps.local.useOnce(key, ttlMs))) return false
    return this.ask(
      (store) => store.useOnce(key, ttlMs),
      async () => true,
    )
  }

  take(bucket: string, rate: Rate): Promise<Taken> {
    return this.ask(
      (store) => store.take(bucket, rate),
      (local) => local.take(bucket, this.shareOf(rate)),
    )
  }

  peek(bucket: string, rate: Rate): Promise<Taken> {
    return this.ask(
      (store) => store.peek(bucket, rate),
      (local) => local.peek(bucket, this.shareOf(rate)),
    )
  }

  charge(bucket: string, rate: Rate): Promise<void> {
    return this.ask(
      (store) => store.charge(bucket, rate),
      (local) => local.charge(bucket, this.shareOf(rate)),
    )
  }

  state(): 'working' | 'degraded' {
    return this.recovering === null ? 'working' : 'degraded'
  }

  async close(): Promise<void> {
    this.closing.abort()
    await this.deps.store.close()
    await this.recovering
    await this.deps.local.close()
  }

  private async ask<T>(
    ofStore: (store: GuardStore) => Promise<T>,
    ofLocal: (local: Guard) => Promise<T>,
  ): Promise<T> {
    if (this.recovering === null) {
      const answer = await this.inTime(ofStore(this.deps.store))
      if (answer.came) return answer.value
      this.recover()
    }
    return ofLocal(this.deps.local)
  }

  private shareOf({ perMinute, burst }: Rate): Rate {
    const { processes } = this.deps
    return { perMinute: perMinute / processes, burst: Math.max(1, Math.floor(burst / processes)) }
  }

  private async inTime<T>(asked: Promise<T>): Promise<Answer<T>> {
    const answered = asked.then(
      (value): Answer<T> => ({ came: true, value }),
      (error: unknown): Answer<T> => ({
        came: false,
        why: error instanceof Error ? error.message : 'it failed',
      }),
    )
    const timer = new AbortController()
    const late = this.late(timer.signal)
    return Promise.race([answered, late]).finally(() => timer.abort())
  }

  private async late(signal: AbortSignal): Promise<Answer<never>> {
    const { clock, answerMsMax } = this.deps
    await clock.sleep(answerMsMax, signal)
    // When the process itself was busy for so long, the answer may have come and not been read.
    await clock.sleep(0, signal)
    return { came: false, why: `no answer within ${answerMsMax} ms` }
  }

  private recover(): void {
    if (this.recovering !== null || this.closing.signal.aborted) return
    this.recovering = this.untilAnswered().finally(() => {
      this.recovering = null
    })
  }

  /** Asks at once, since it may have been a moment's trouble; only if it was not is it told. */
  private async untilAnswered(): Promise<void> {
    const { store, clock, onAlarm } = this.deps
    const { signal } = this.closing
    let answer = await this.inTime(store.ping())
    if (!answer.came && !signal.aborted) onAlarm({ what: 'guard-degraded', why: answer.why })
    while (!answer.came && !signal.aborted) {
      await clock.sleep(LIMITS.guardRetryMs, signal)
      answer = await this.inTime(store.ping())
    }
  }
}

type Answer<T> =
  | { readonly came: true; readonly value: T }
  | { readonly came: false; readonly why: string }
