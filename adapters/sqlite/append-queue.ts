import { AppendBudget } from '#core/append-budget.ts'
import { LIMITS } from '#core/limits.ts'
import type { Lane } from '#core/ports/message-log.ts'

export interface WaitingAppend {
  readonly topic: string
  readonly entries: readonly Uint8Array[]
  readonly bytes: number
  readonly lane: Lane
}

/**
 * Appends that wait for a transaction: a line for each topic, in the order of the calls. Topics
 * take turns, one append at a time, so that a long line does not hold up a short one. A line in
 * which a flash waits goes before those in which none does, until that flash is taken.
 */
export class AppendQueue<Append extends WaitingAppend> {
  readonly #lines = new Map<string, Line<Append>>()
  readonly #budget = new AppendBudget()

  get isEmpty(): boolean {
    return this.#lines.size === 0
  }

  /** False, and nothing is kept, when too much waits already. */
  offer(append: Append): boolean {
    if (!this.#budget.take(append.lane, append.bytes)) return false
    const line = this.#lines.get(append.topic) ?? { appends: [], next: 0, flashes: 0 }
    this.#lines.set(append.topic, line)
    line.appends.push(append)
    if (append.lane === 'flash') line.flashes += 1
    return true
  }

  /** What goes into the next transaction, within its limits. Empty only if the queue is. */
  takeBatch(): Append[] {
    const batch = new Batch<Append>()
    const isUrgent = ({ flashes }: Line<Append>): boolean => flashes > 0
    if (this.#takeTurns(batch, isUrgent)) this.#takeTurns(batch, () => true)
    for (const { lane, bytes } of batch.appends) this.#budget.giveBack(lane, bytes)
    return batch.appends
  }

  /** Until no line is `wanted` any more, or the next append does not fit: then false. */
  #takeTurns(batch: Batch<Append>, wanted: (line: Line<Append>) => boolean): boolean {
    // A line that moves to the end of the map is visited again: that is the turn taking.
    for (const [topic, line] of this.#lines) {
      if (!wanted(line)) continue
      const append = line.appends[line.next]
      if (append === undefined) throw new TypeError('a line without an append')
      if (!batch.add(append)) return false
      line.next += 1
      if (append.lane === 'flash') line.flashes -= 1
      this.#lines.delete(topic)
      if (line.next < line.appends.length) this.#lines.set(topic, line)
    }
    return true
  }
}

class Batch<Append extends WaitingAppend> {
  readonly appends: Append[] = []
  #bytes = 0
  #entries = 0

  /** False, and nothing is added, when the append does not fit. */
  add(append: Append): boolean {
    const bytes = this.#bytes + append.bytes
    const entries = this.#entries + append.entries.length
    if (bytes > LIMITS.appendBatchBytesMax || entries > LIMITS.appendBatchEntriesMax) return false
    this.appends.push(append)
    this.#bytes = bytes
    this.#entries = entries
    return true
  }
}

/** What stands before `next` is taken. To shift the array instead would copy it each time. */
interface Line<Append> {
  readonly appends: Append[]
  next: number
  /** How many of those that wait are in the lane `flash`. */
  flashes: number
}
