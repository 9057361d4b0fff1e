import type { OnAlarm } from '#core/alarm.ts'
import { LIMITS } from '#core/limits.ts'
import type { Clock } from '#core/ports/clock.ts'

export interface DiskWatchDeps {
  /** Of the file system that the service writes to. */
  readonly freeBytes: () => Promise<number>
  readonly freeBytesMin: number
  readonly clock: Clock
  readonly onAlarm: OnAlarm
}

/**
 * Watches the room on the disk, so that publications stop while there is still some for access
 * records: without those nothing can be released, acknowledged or refused.
 */
export class DiskWatch {
  readonly #deps: DiskWatchDeps
  readonly #stopping = new AbortController()
  #isLow = false
  #watching: Promise<void> = Promise.resolve()

  constructor(deps: DiskWatchDeps) {
    this.#deps = deps
  }

  get isLow(): boolean {
    return this.#isLow
  }

  /** Resolves when it has looked for the first time. */
  async start(): Promise<void> {
    await this.#look()
    this.#watching = this.#watch()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#watching
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      await this.#deps.clock.sleep(LIMITS.diskCheckMs, signal)
      await this.#look()
    }
  }

  /** A disk that cannot be asked is not one to write on. */
  async #look(): Promise<void> {
    const { freeBytes, freeBytesMin, onAlarm } = this.#deps
    const free = await freeBytes().catch(() => null)
    const wasLow = this.#isLow
    this.#isLow = free === null || free < freeBytesMin
    if (this.#isLow && !wasLow) {
      onAlarm({ what: 'disk-low', why: free === null ? 'cannot be asked' : `${free} bytes free` })
    }
  }
}
