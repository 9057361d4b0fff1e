import { performance } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext, Script } from 'node:vm'
import { hex } from '#core/bytes.ts'
import { minimised } from '#tests/fuzz/minimise.ts'
import { Random } from '#tests/fuzz/random.ts'
import { Broken, type Target, type Verdict } from '#tests/fuzz/target.ts'

/** What an oracle said no to, with the smallest input that still makes it say so. */
export interface Finding {
  readonly target: string
  /** `broken: …`, `throws TypeError: …`, `slow`, `hangs`, `memory`. */
  readonly what: string
  readonly seed: number
  readonly index: number
  readonly hex: string
}

export interface Report {
  readonly target: string
  readonly inputs: number
  readonly read: number
  readonly accepted: number
  /** Of all inputs: those that got past the reader. */
  readonly pastShare: number
  readonly heapGrowthBytes: number
  readonly findings: readonly Finding[]
}

export interface RunOptions {
  readonly inputs: number
  readonly seed: number
  /** When a call that has not come back is one that never will, on the third try. */
  readonly hangMsMax?: number
  readonly onProgress?: (done: number) => void
}

const CALL_CPU_MS_MAX = 50
const HANG_MS_MAX = 5_000
const TRIES = 3
const BATCH = 100
const HEAP_GROWTH_BYTES_MAX = 33_554_432
/** Of one target: the first few say enough. */
const FINDINGS_MAX = 5

/** Gives `inputs` inputs to the target, one after the other, and holds each call to the oracles. */
export const run = async (target: Target, options: RunOptions): Promise<Report> => {
  const { inputs, seed, onProgress, hangMsMax = HANG_MS_MAX } = options
  const counts: Record<Verdict, number> = { refused: 0, read: 0, accepted: 0 }
  const found = new Map<string, Finding>()
  let heapBefore = 0
  let done = 0
  while (done < inputs && found.size < FINDINGS_MAX) {
    const size = Math.min(BATCH, inputs - done)
    for (const [nth, outcome] of (await batch(target, seed, done, size, hangMsMax)).entries()) {
      if ('verdict' in outcome) counts[outcome.verdict] += 1
      else if (!found.has(outcome.what)) {
        const { what } = outcome
        const smallest = hex(await smallestOf(target, outcome, hangMsMax))
        found.set(what, { target: target.name, what, seed, index: done + nth, hex: smallest })
      }
    }
    // Each one more would take as long again.
    if (found.has('hangs')) break
    // What is compiled and cached in the first tenth is no growth.
    if (heapBefore === 0 && done >= inputs / 10) heapBefore = heapUsed()
    done += size
    onProgress?.(done)
  }
  const heapGrowthBytes = heapBefore === 0 ? 0 : heapUsed() - heapBefore
  if (heapGrowthBytes > HEAP_GROWTH_BYTES_MAX) {
    found.set('memory', { target: target.name, what: 'memory', seed, index: done, hex: '' })
  }
  const { read, accepted } = counts
  return {
    target: target.name,
    inputs: done,
    read,
    accepted,
    pastShare: (read + accepted) / Math.max(1, done),
    heapGrowthBytes,
    findings: [...found.values()],
  }
}

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

const heapUsed = (): number => {
  collectGarbage()
  const { heapUsed: heap, arrayBuffers } = process.memoryUsage()
  return heap + arrayBuffers
}

type Outcome = { readonly verdict: Verdict } | Bad

interface Bad {
  readonly what: string
  readonly bytes: Uint8Array
}

const smallestOf = (target: Target, { what, bytes }: Bad, hangMsMax: number): Promise<Uint8Array> =>
  minimised(bytes, async (less) =>
    what === 'hangs'
      ? !within(hangMsMax / 10, () => outcomeOf(target, less))
      : (await whyNot(target, less, hangMsMax)) === what,
  )

/** As many outcomes as `size`, or up to the first input that never comes to its end. */
const batch = async (
  target: Target,
  seed: number,
  from: number,
  size: number,
  hangMsMax: number,
): Promise<readonly Outcome[]> => {
  const outcomes: (Outcome | Promise<Outcome>)[] = []
  let bytes: Uint8Array = new Uint8Array(0)
  while (outcomes.length < size) {
    const isThrough = within(hangMsMax * TRIES, () => {
      while (outcomes.length < size) {
        bytes = target.make(Random.of(seed, target.name, from + outcomes.length))
        outcomes.push(outcomeOf(target, bytes))
      }
    })
    if (isThrough) break
    // A busy machine stops a batch too: alone, an honest input ends.
    const what = await whyNot(target, bytes, hangMsMax)
    outcomes.push(what === null ? { verdict: await target.take(bytes) } : { what, bytes })
    if (what === 'hangs') break
  }
  return Promise.all(outcomes)
}

const outcomeOf = (target: Target, bytes: Uint8Array): Outcome | Promise<Outcome> => {
  const startedAtMs = performance.now()
  try {
    const verdict = target.take(bytes)
    // A wall clock is cheap; what it finds slow is timed again by what the processor did. Of a
    // promise it sees what comes before the first wait: the reading.
    const cpuMsMax = target.cpuMsMax ?? CALL_CPU_MS_MAX
    if (performance.now() - startedAtMs > cpuMsMax) return timedAgain(target, bytes)
    return typeof verdict === 'string' ? { verdict } : verdict.then(verdictOf, thrown(bytes))
  } catch (error) {
    return { what: whatOf(error), bytes }
  }
}

const verdictOf = (verdict: Verdict): Outcome => ({ verdict })

const thrown =
  (bytes: Uint8Array) =>
  (error: unknown): Outcome => ({ what: whatOf(error), bytes })

const whatOf = (error: unknown): string => {
  if (error instanceof Broken) return `broken: ${error.message}`
  // The message may quote the input; the first words tell what it is.
  return error instanceof Error
    ? `throws ${error.name}: ${error.message.slice(0, 60)}`
    : `throws ${typeof error}`
}

/** What the oracles say against this input; null for nothing. */
export const whyNot = async (
  target: Target,
  bytes: Uint8Array,
  hangMsMax = HANG_MS_MAX,
): Promise<string | null> => {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const outcomes: (Outcome | Promise<Outcome>)[] = []
    if (!within(hangMsMax, () => outcomes.push(outcomeOf(target, bytes)))) continue
    for (const outcome of await Promise.all(outcomes)) {
      return 'what' in outcome ? outcome.what : null
    }
  }
  return 'hangs'
}

const timedAgain = async (target: Target, bytes: Uint8Array): Promise<Outcome> => {
  let verdict: Verdict = 'refused'
  try {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const before = process.cpuUsage()
      const taken = target.take(bytes)
      const { user, system } = process.cpuUsage(before)
      verdict = await taken
      if ((user + system) / 1_000 <= (target.cpuMsMax ?? CALL_CPU_MS_MAX)) return { verdict }
    }
  } catch (error) {
    return { what: whatOf(error), bytes }
  }
  return { what: 'slow', bytes }
}

const WORK = Symbol.for('rabta.fuzz.work')
const SCRIPT = new Script('globalThis[Symbol.for("rabta.fuzz.work")]()')

/** Runs `work`; false when it was stopped because it took too long, even in a loop without end. */
const within = (timeoutMs: number, work: () => unknown): boolean => {
  Reflect.set(globalThis, WORK, work)
  try {
    SCRIPT.runInThisContext({ timeout: timeoutMs })
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === TIMED_OUT) return false
    throw error
  } finally {
    Reflect.deleteProperty(globalThis, WORK)
  }
}

const TIMED_OUT = 'ERR_SCRIPT_EXECUTION_TIMEOUT'
