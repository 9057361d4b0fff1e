import { LIMITS } from '#core/limits.ts'
import type { LogEntry } from '#core/ports/message-log.ts'

/** The newest entries of one topic, without a gap. */
interface Tail {
  readonly entries: LogEntry[]
  /** What stands before this place is forgotten. To shift the array instead would copy it. */
  start: number
}

/**
 * The newest entries of all topics, at most `LIMITS.logTailsBytesMax` of them: whoever follows a
 * topic is nearly always a few entries behind, and several follow each. What came first is forgotten
 * first. Holds only what is committed; whoever sees that another connection wrote forgets all.
 */
export class LogTails {
  #tails = new Map<string, Tail>()
  /** Where the entries are, in the order in which they came. */
  #order: Tail[] = []
  #forgotten = 0
  #bytes = 0

  add(topic: string, first: number, values: readonly Uint8Array[]): void {
    const tail = this.#tailUpTo(topic, first)
    for (const [at, value] of values.entries()) {
      // The caller's bytes are the caller's again once the append is over.
      tail.entries.push({ offset: first + at, value: value.slice() })
      this.#order.push(tail)
      this.#bytes += value.length + ENTRY_BYTES
    }
    while (this.#bytes > LIMITS.logTailsBytesMax) this.#forgetFirst()
  }

  /** As `MessageLog.read`; null when that cannot be told from here. */
  read(topic: string, from: number, limit: number): LogEntry[] | null {
    const tail = this.#tails.get(topic)
    const first = tail?.entries[tail.start]
    if (tail === undefined || first === undefined || from < first.offset) return null
    const read: LogEntry[] = []
    let bytes = 0
    for (let at = tail.start + from - first.offset; read.length < limit; at += 1) {
      const entry = tail.entries[at]
      if (entry === undefined) break
      bytes += entry.value.length
      if (read.length > 0 && bytes > LIMITS.readBytesMax) break
      read.push({ offset: entry.offset, value: entry.value.slice() })
    }
    const head = first.offset + tail.entries.length - tail.start
    return read.length > 0 || from === head ? read : null
  }

  forgetAll(): void {
    this.#tails = new Map()
    this.#order = []
    this.#forgotten = 0
    this.#bytes = 0
  }

  #tailUpTo(topic: string, first: number): Tail {
    const known = this.#tails.get(topic)
    if (known !== undefined && (known.entries.at(-1)?.offset ?? first - 1) === first - 1) {
      return known
    }
    // Not what was seen last: entries are missing in between.
    if (known !== undefined) this.forgetAll()
    const tail: Tail = { entries: [], start: 0 }
    this.#tails.set(topic, tail)
    return tail
  }

  #forgetFirst(): void {
    const tail = this.#order[this.#forgotten]
    const entry = tail?.entries[tail.start]
    if (tail === undefined || entry === undefined) throw new TypeError('bytes of no entry')
    this.#bytes -= entry.value.length + ENTRY_BYTES
    this.#forgotten += 1
    tail.start += 1
    if (tail.start >= COMPACT_FROM && tail.start * 2 > tail.entries.length) {
      tail.entries.splice(0, tail.start)
      tail.start = 0
    }
    if (this.#forgotten >= COMPACT_FROM && this.#forgotten * 2 > this.#order.length) {
      this.#order.splice(0, this.#forgotten)
      this.#forgotten = 0
    }
  }
}

/** What an entry takes beside its bytes. */
const ENTRY_BYTES = 128
const COMPACT_FROM = 1_024
