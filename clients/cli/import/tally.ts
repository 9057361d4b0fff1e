import type { Fate } from '#clients/cli/import/deliver.ts'
import type { Column, RowProblem } from '#clients/cli/import/incident-row.ts'
import { LIMITS } from '#core/limits.ts'

/** A row that did not become an alert at the hub. */
export interface Noted {
  readonly line: number
  readonly what: 'reported' | 'refused' | 'failed'
  readonly why: string
  readonly column: Column | null
}

/** How many rows came to which end. */
export class Tally {
  published = 0
  alreadyThere = 0
  /** By code: rows of which no alert can be made, alerts that the hub refuses, hubs that fail. */
  readonly reported = new Map<string, number>()
  readonly refused = new Map<string, number>()
  readonly failed = new Map<string, number>()
  /** The first `LIMITS.importProblemsShownMax`. */
  readonly noted: Noted[] = []

  get rows(): number {
    const noted = [this.reported, this.refused, this.failed].map(totalOf)
    return noted.reduce((sum, count) => sum + count, this.published + this.alreadyThere)
  }

  report(line: number, { code, column }: RowProblem): void {
    this.note({ line, what: 'reported', why: code, column })
  }

  count(line: number, fate: Fate): void {
    if (fate.fate === 'published') this.published += 1
    else if (fate.fate === 'already-there') this.alreadyThere += 1
    else this.note({ line, what: fate.fate, why: fate.why, column: null })
  }

  private note(one: Noted): void {
    const counts = this[one.what]
    counts.set(one.why, (counts.get(one.why) ?? 0) + 1)
    if (this.noted.length < LIMITS.importProblemsShownMax) this.noted.push(one)
  }
}

export const totalOf = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((sum, count) => sum + count, 0)
