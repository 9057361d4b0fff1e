export const OTHERS_POLL_MS = 100

/**
 * Wakes those who wait for a commit: at once for a commit of this connection, within
 * `OTHERS_POLL_MS` for one of another process, which shows in the version of the data.
 */
export class CommitWatch {
  readonly #sleepers = new Map<string, Set<() => void>>()
  readonly #dataVersion: () => number
  #lastVersion: number
  #poll: NodeJS.Timeout | undefined

  /** `dataVersion` changes with each commit of another connection; it may throw. */
  constructor(dataVersion: () => number) {
    this.#dataVersion = dataVersion
    this.#lastVersion = dataVersion()
  }

  /** Resolves at the next commit to `topic`, or when `signal` aborts, or for no reason. */
  sleep(topic: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake)
        this.#remove(topic, wake)
        resolve()
      }
      signal.addEventListener('abort', wake)
      this.#add(topic, wake)
    })
  }

  wake(topic: string): void {
    for (const wake of [...(this.#sleepers.get(topic) ?? [])]) wake()
  }

  wakeAll(): void {
    for (const topic of [...this.#sleepers.keys()]) this.wake(topic)
  }

  #add(topic: string, wake: () => void): void {
    const sleepers = this.#sleepers.get(topic) ?? new Set()
    this.#sleepers.set(topic, sleepers.add(wake))
    this.#poll ??= setInterval(() => this.#lookForOthers(), OTHERS_POLL_MS)
  }

  #remove(topic: string, wake: () => void): void {
    const sleepers = this.#sleepers.get(topic)
    sleepers?.delete(wake)
    if (sleepers?.size === 0) this.#sleepers.delete(topic)
    if (this.#sleepers.size > 0) return
    clearInterval(this.#poll)
    this.#poll = undefined
  }

  #lookForOthers(): void {
    try {
      // Compared with the version of the last look, not of when the sleep began: a commit between
      // a sleeper's read and its sleep would go unseen otherwise.
      const version = this.#dataVersion()
      if (version === this.#lastVersion) return
      this.#lastVersion = version
    } catch {
      // The sleepers' own reads meet the fault and know what to do with it.
    }
    this.wakeAll()
  }
}
