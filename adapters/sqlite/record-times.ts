import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { integerIn } from '#adapters/sqlite/row.ts'

export const TIMES_SQL = `
  CREATE TABLE times (
    block INTEGER PRIMARY KEY, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL
  ) STRICT;
`

const BLOCK_LEAVES = 4_096

interface Span {
  readonly firstMs: number
  readonly lastMs: number
}

export interface LeafRange {
  /** Inclusive. */
  readonly least: number
  /** Exclusive. */
  readonly below: number
}

/**
 * In which blocks of the log a time occurs. A record's time is its writer's claim: nearly in the
 * order of the log, but nothing may depend on it. So this only narrows where a search looks, and a
 * wrong clock makes it look into a block in vain.
 */
export class RecordTimes {
  readonly #put: StatementSync
  readonly #spans = new Map<number, Span>()
  readonly #changed = new Set<number>()

  constructor(db: DatabaseSync) {
    this.#put = db.prepare('INSERT OR REPLACE INTO times VALUES (?, ?, ?)')
    for (const row of db.prepare('SELECT * FROM times ORDER BY block').all()) {
      this.#spans.set(integerIn(row, 'block'), {
        firstMs: integerIn(row, 'first_ms'),
        lastMs: integerIn(row, 'last_ms'),
      })
    }
  }

  add(leaf: number, timeMs: number): void {
    const block = Math.floor(leaf / BLOCK_LEAVES)
    const { firstMs, lastMs } = this.#spans.get(block) ?? { firstMs: timeMs, lastMs: timeMs }
    this.#spans.set(block, {
      firstMs: Math.min(firstMs, timeMs),
      lastMs: Math.max(lastMs, timeMs),
    })
    this.#changed.add(block)
  }

  /** Writes what `add` changed. */
  save(): void {
    for (const block of this.#changed) {
      const span = this.#spans.get(block)
      if (span !== undefined) this.#put.run(block, span.firstMs, span.lastMs)
    }
    this.#changed.clear()
  }

  /** All leaves of a time from `fromMs` (inclusive) to `toMs` (exclusive) lie in this range. */
  rangeOf(fromMs: number | null, toMs: number | null): LeafRange {
    if (fromMs === null && toMs === null) return { least: 0, below: Number.MAX_SAFE_INTEGER }
    let [least, below] = [Number.MAX_SAFE_INTEGER, 0]
    for (const [block, { firstMs, lastMs }] of this.#spans) {
      if ((fromMs !== null && lastMs < fromMs) || (toMs !== null && firstMs >= toMs)) continue
      least = Math.min(least, block * BLOCK_LEAVES)
      below = Math.max(below, (block + 1) * BLOCK_LEAVES)
    }
    return { least, below }
  }
}
