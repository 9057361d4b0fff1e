import { LIMITS } from '#core/limits.ts'

export interface WaitingAppend {
  readonly topic: string
  readonly entries: readonly Uint8Array[]
  readonly bytes: number
}

/**
 * Appends that wait for a transaction: a line for each topic, in the order of the calls. Topics
 * take turns, one append at a time, so that a long line does not hold up a short one.
 */
export class AppendQueue<Append extends WaitingAppend> {
  readonly #lines = new Map<string, Line<Append>>()
  #appends = 0
  #bytes = 0

  get isEmpty(): boolean {
    return this.#appends === 0
  }

  /** False, and nothing is kept, when too much waits already. */
  offer(append: Append): boolean {
    const bytes = this.#bytes + append.bytes
    if (this.#appends >= LIMITS.appendsWaitingMax || bytes > LIMITS.appendsWaitingBytesMax) {
      return false
    }
    const line = this.#lines.get(append.topic)
    if (line === undefined) this.#lines.set(append.topic, { appends: [append], next: 0 })
    else line.appends.push(append)
    this.#appends += 1
    this.#bytes = bytes
    return true
  }

  /** What goes into the next transaction, within its limits. Empty only if the queue is. */
  takeBatch(): Append[] {
    const batch: Append[] = []
    let bytes = 0
    let entries = 0
    // A line that moves to the end of the map is visited again: that is the turn taking.
    for (const [topic, line] of this.#lines) {
      const append = line.appends[line.next]
      if (append === undefined) break
      bytes += append.bytes
      entries += append.entries.length
      if (bytes > LIMITS.appendBatchBytesMax || entries > LIMITS.appendBatchEntriesMax) break
      batch.push(append)
      line.next += 1
      this.#lines.delete(topic)
      if (line.next < line.appends.length) this.#lines.set(topic, line)
    }
    this.#appends -= batch.length
    for (const append of batch) this.#bytes -= append.bytes
    return batch
  }
}

/** What stands before `next` is taken. To shift the array instead would copy it each time. */
interface Line<Append> {
  readonly appends: Append[]
  next: number
}
