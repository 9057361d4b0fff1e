import { execFileSync } from 'node:child_process'
import { cpus, loadavg } from 'node:os'

/** What some time of load took. `operations` may be more than there were acts: a page has many. */
export interface Round {
  readonly operations: number
  readonly tookMs: number
  /** Of the measured process, all its threads together. */
  readonly cpuMs: number
  readonly latenciesMs: readonly number[]
}

export interface Figures {
  readonly ratePerS: number
  readonly cpuMsPerOperation: number
  readonly p50Ms: number
  readonly p99Ms: number
}

export interface Row extends Figures {
  readonly what: string
  /** How this stands to the row that it is compared with: 1 is «as much». */
  readonly ratio: { readonly rate: number; readonly cpu: number } | null
}

/** Something that must be true afterwards, or the figures mean nothing. */
export interface Check {
  readonly what: string
  readonly isGood: boolean
  readonly found: string
}

export interface Part {
  readonly name: string
  readonly rows: readonly Row[]
  readonly checks: readonly Check[]
  readonly notes: readonly string[]
}

export interface BenchOptions {
  /** How long each thing is measured, warm-up and baseline not counted. */
  readonly seconds: number
  /** Where a CPU profile of the hub goes; null for none. */
  readonly profileTo: string | null
  /** How many alerts are there when a start is measured. */
  readonly alerts: number
}

/** How often the measured and its baseline take turns: a slow moment of the machine hits both. */
export const ROUNDS = 5

export const ownCpuMs = async (): Promise<number> => cpuMsOf(process.cpuUsage())

export const cpuMsOf = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1_000

export interface Load {
  /** Callers that each wait for an act before the next. */
  readonly inFlight: number
  readonly ms: number
  /** Does one thing; gives how many operations that was, 0 when there is nothing left to do. */
  readonly act: (caller: number) => Promise<number>
  /** The CPU time that the measured process has used so far. */
  readonly cpuMs: () => Promise<number>
}

export const measureLoad = async ({ inFlight, ms, act, cpuMs }: Load): Promise<Round> => {
  const latenciesMs: number[] = []
  let operations = 0
  const cpuBeforeMs = await cpuMs()
  const startMs = performance.now()
  const endMs = startMs + ms
  const callAgainAndAgain = async (caller: number): Promise<void> => {
    for (let beforeMs = startMs; beforeMs < endMs; ) {
      const done = await act(caller)
      if (done === 0) return
      operations += done
      const afterMs = performance.now()
      latenciesMs.push(afterMs - beforeMs)
      beforeMs = afterMs
    }
  }
  await Promise.all(Array.from({ length: inFlight }, (_, caller) => callAgainAndAgain(caller)))
  const tookMs = performance.now() - startMs
  return { operations, tookMs, cpuMs: (await cpuMs()) - cpuBeforeMs, latenciesMs }
}

export const figuresOf = ({ operations, tookMs, cpuMs, latenciesMs }: Round): Figures => {
  const sorted = latenciesMs.toSorted((a, b) => a - b)
  return {
    ratePerS: (operations / tookMs) * 1_000,
    cpuMsPerOperation: cpuMs / operations,
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
  }
}

const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.floor(sorted.length * q)] ?? 0

/** Of each figure the median of the rounds. */
const medianFigures = (rounds: readonly Round[]): Figures => {
  const figures = rounds.map(figuresOf)
  const median = (key: keyof Figures): number =>
    figures.map((one) => one[key]).toSorted((a, b) => a - b)[figures.length >> 1] ?? 0
  return {
    ratePerS: median('ratePerS'),
    cpuMsPerOperation: median('cpuMsPerOperation'),
    p50Ms: median('p50Ms'),
    p99Ms: median('p99Ms'),
  }
}

export const rowOf = (what: string, rounds: readonly Round[], baseline: Row | null): Row => {
  const figures = medianFigures(rounds)
  const ratio = baseline && {
    rate: figures.ratePerS / baseline.ratePerS,
    cpu: figures.cpuMsPerOperation / baseline.cpuMsPerOperation,
  }
  return { what, ...figures, ratio }
}

export const tableOf = ({ name, rows, checks, notes }: Part): string => {
  const width = Math.max(...rows.map(({ what }) => what.length), 20)
  const head = `${name.padEnd(width)}  ${COLUMNS.map(({ title }) => title).join('  ')}`
  const lines = rows.map(
    (row) =>
      `${row.what.padEnd(width)}  ${COLUMNS.map((column) => cellOf(column, row)).join('  ')}`,
  )
  const checked = checks.map(
    ({ what, isGood, found }) => `  ${isGood ? 'ok ' : 'NOT'} ${what}: ${found}`,
  )
  return [head, ...lines, ...checked, ...notes.map((note) => `  ${note}`), ''].join('\n')
}

/** The figures of a run for a reader of documents. */
export const markdownOf = (machine: string, parts: readonly Part[]): string => {
  const rows = parts.flatMap((part) => part.rows)
  const lines = [
    ['what', ...COLUMNS.map(({ title }) => title.trim())],
    ['---', ...COLUMNS.map(() => '---:')],
    ...rows.map((row) => [row.what, ...COLUMNS.map(({ text }) => text(row))]),
  ].map((cells) => `| ${cells.join(' | ')} |`)
  const failed = parts.flatMap(({ checks }) => checks).filter(({ isGood }) => !isGood)
  const faults = failed.map(({ what, found }) => `* NOT ${what}: ${found}`)
  const notes = parts.flatMap((part) => part.notes).map((note) => `* ${note}`)
  return [machine, '', ...lines, '', ...faults, ...notes, ''].join('\n')
}

interface Column {
  readonly title: string
  readonly text: (row: Row) => string
}

const COLUMNS: readonly Column[] = [
  { title: '      per s', text: (row) => row.ratePerS.toFixed(0) },
  { title: ' CPU-ms/op', text: (row) => row.cpuMsPerOperation.toFixed(4) },
  { title: '  p50 ms', text: (row) => row.p50Ms.toFixed(3) },
  { title: '  p99 ms', text: (row) => row.p99Ms.toFixed(3) },
  { title: '  rate ×', text: ({ ratio }) => ratio?.rate.toFixed(3) ?? '' },
  { title: '   CPU ×', text: ({ ratio }) => ratio?.cpu.toFixed(2) ?? '' },
]

const cellOf = ({ title, text }: Column, row: Row): string => text(row).padStart(title.length)

/** Where the figures are from: they mean nothing elsewhere, the ratios do. */
export const machineLine = (): string => {
  const processors = cpus()
  const commit = git('rev-parse', '--short', 'HEAD')
  const changed = git('status', '--porcelain', '--untracked-files=no') === '' ? '' : ' changed'
  const load = loadavg().map((one) => one.toFixed(1))
  return [
    `Node ${process.version}`,
    `${processors.length} cores ${processors[0]?.model ?? ''}`.trim(),
    `load ${load.join(' ')}`,
    `commit ${commit}${changed}`,
  ].join(', ')
}

const git = (...words: readonly string[]): string => {
  try {
    return execFileSync('git', words, { stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim()
  } catch {
    // A copy without its history.
    return 'unknown'
  }
}
