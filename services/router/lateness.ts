import type { DirectoryView } from '#core/directory/view.ts'
import { LIMITS } from '#core/limits.ts'
import type { Clock } from '#core/ports/clock.ts'
import type { MessageLog } from '#core/ports/message-log.ts'
import { ACCESS_TOPIC } from '#core/topics.ts'

export interface LatenessDeps {
  readonly log: MessageLog
  readonly directory: Pick<DirectoryView, 'state'>
  readonly clock: Clock
}

/**
 * How long after a revocation its key may still be believed, in the order of the access log. A
 * stamp may quote an older directory than ours, but not for long: whoever can write into an intake
 * topic could otherwise go on under a revoked key for ever. Wall clocks would punish alerts that
 * only waited for a router: what was recorded before the horizon is taken, whenever it comes.
 *
 * A horizon is the log's head `stampAgeMsMax` after this process learnt of a directory sequence. A
 * router that starts learns all anew: a minute from then on nothing newer is taken.
 */
export class Horizons {
  private readonly deps: LatenessDeps
  private readonly learnt: { readonly sequence: number; readonly atMs: number }[] = []
  /** Ascending in both. */
  private readonly settled: { readonly sequence: number; readonly head: number }[] = []

  constructor(deps: LatenessDeps) {
    this.deps = deps
  }

  /** Keeps the horizons in step until `signal` aborts; a log that cannot be asked is asked again. */
  async keep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.step().catch(() => undefined)
      await this.deps.clock.sleep(STEP_MS, signal)
    }
  }

  /** Notes what is newly known, and settles what has been known for long enough. */
  async step(): Promise<void> {
    const { log, directory, clock } = this.deps
    const nowMs = clock.monotonicMs()
    const { sequence } = directory.state
    if (sequence > (this.learnt.at(-1)?.sequence ?? this.settled.at(-1)?.sequence ?? -1)) {
      this.learnt.push({ sequence, atMs: nowMs })
    }
    const due = this.learnt.filter(({ atMs }) => nowMs - atMs > LIMITS.stampAgeMsMax)
    const last = due.at(-1)
    if (last === undefined) return
    this.settled.push({ sequence: last.sequence, head: await log.head(ACCESS_TOPIC) })
    this.learnt.splice(0, due.length)
  }

  /** Whether a publication recorded at leaf `index` came too late to be under what `sequence` ended. */
  isLate(sequence: number, index: number): boolean {
    const horizon = this.settled.find((one) => one.sequence >= sequence)
    return horizon !== undefined && index >= horizon.head
  }
}

const STEP_MS = 1_000
