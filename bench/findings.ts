import { statSync } from 'node:fs'
import { cpuMsOf, type Round, type Row, rowOf } from '#bench/measure.ts'

/** The rows of one measurement, as they come. */
export class Findings {
  readonly rows: Row[] = []
  readonly notes: string[] = []
  readonly parent: string

  constructor(parent: string) {
    this.parent = parent
  }

  /** Puts the question for about half a second. */
  ask(what: string, question: () => unknown): void {
    const round = new Stopwatch()
    const endMs = performance.now() + ASKED_MS
    while (performance.now() < endMs && round.latenciesMs.length < ASKED_TIMES_MAX) {
      round.time(1, question)
    }
    this.rows.push(rowOf(what, [round], null))
  }

  /** Applies `count` rows, `batch` at a time; making the rows is not measured. */
  fill<Made>(
    view: string,
    { count, batch }: { readonly count: number; readonly batch: number },
    parts: {
      readonly row: (number: number) => Made
      readonly apply: (rows: readonly Made[]) => void
    },
  ): void {
    const round = new Stopwatch()
    for (let done = 0; done < count; done += batch) {
      const rows = Array.from({ length: batch }, (_, place) => parts.row(done + place))
      round.time(batch, () => parts.apply(rows))
    }
    this.rows.push(rowOf(`${view}: rows, ${batch} at a time`, [round], null))
  }

  size(view: string, path: string, rows: number): void {
    this.notes.push(`${view}: ${(statSync(path).size / rows).toFixed(0)} bytes a row`)
  }

  time<T>(what: string, act: () => T): T {
    const beforeMs = performance.now()
    const result = act()
    this.notes.push(`${what}: ${(performance.now() - beforeMs).toFixed(1)} ms`)
    return result
  }
}

const ASKED_MS = 500
const ASKED_TIMES_MAX = 20_000

class Stopwatch implements Round {
  operations = 0
  tookMs = 0
  cpuMs = 0
  readonly latenciesMs: number[] = []

  time(operations: number, act: () => unknown): void {
    const cpuBefore = process.cpuUsage()
    const beforeMs = performance.now()
    act()
    const tookMs = performance.now() - beforeMs
    this.cpuMs += cpuMsOf(process.cpuUsage(cpuBefore))
    this.operations += operations
    this.tookMs += tookMs
    this.latenciesMs.push(tookMs)
  }
}
