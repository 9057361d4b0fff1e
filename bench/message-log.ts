/**
 * Appends to the embedded message log against a bare loop of `node:sqlite` that commits batches of
 * the same size with the same settings: `node bench/message-log.ts [folder]`. The folder decides
 * which disk is measured. Rounds of the two alternate, so that a slow moment of the disk hits both.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openSqliteLog } from '#adapters/sqlite/message-log.ts'

const ENTRY_BYTES = 1_300
const ROUNDS = 5
const ROUND_MS = 600

interface Round {
  readonly ratePerS: number
  readonly cpuMsPerOp: number
  readonly p50Ms: number
  readonly p99Ms: number
}

type Measured = (inFlight: number, latenciesMs: number[]) => Promise<void>

const ENTRY = new Uint8Array(ENTRY_BYTES).fill(0x5a)

const measure = async (inFlight: number, act: Measured): Promise<Round> => {
  const latenciesMs: number[] = []
  const cpu = process.cpuUsage()
  const startMs = performance.now()
  await act(inFlight, latenciesMs)
  const tookMs = performance.now() - startMs
  const { user, system } = process.cpuUsage(cpu)
  latenciesMs.sort((a, b) => a - b)
  const quantile = (q: number): number => latenciesMs[Math.floor(latenciesMs.length * q)] ?? 0
  return {
    ratePerS: (latenciesMs.length / tookMs) * 1_000,
    cpuMsPerOp: (user + system) / 1_000 / latenciesMs.length,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
  }
}

/** Each of `inFlight` callers appends one entry, waits for it, and appends the next. */
const openLog = async (folder: string) => {
  const log = openSqliteLog({ path: join(folder, 'log.db') })
  await log.ensureTopics(['bench'])
  const act: Measured = async (inFlight, latenciesMs) => {
    const endMs = performance.now() + ROUND_MS
    const caller = async (): Promise<void> => {
      for (let beforeMs = performance.now(); beforeMs < endMs; ) {
        await log.append('bench', [ENTRY])
        const afterMs = performance.now()
        latenciesMs.push(afterMs - beforeMs)
        beforeMs = afterMs
      }
    }
    await Promise.all(Array.from({ length: inFlight }, caller))
  }
  return { act, close: () => log.close() }
}

/** Commits `inFlight` entries at a time; the latency of each is that of its batch. */
const openBare = (folder: string) => {
  const db = new DatabaseSync(join(folder, 'bare.db'))
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  db.exec('CREATE TABLE bench (offset INTEGER PRIMARY KEY, value BLOB NOT NULL) STRICT')
  const [begin, commit] = [db.prepare('BEGIN IMMEDIATE'), db.prepare('COMMIT')]
  const insert = db.prepare('INSERT INTO bench (offset, value) VALUES (?, ?)')
  let next = 0
  const act: Measured = async (inFlight, latenciesMs) => {
    const endMs = performance.now() + ROUND_MS
    for (let beforeMs = performance.now(); beforeMs < endMs; ) {
      begin.run()
      for (let n = 0; n < inFlight; n += 1) insert.run(next++, ENTRY)
      commit.run()
      const afterMs = performance.now()
      for (let n = 0; n < inFlight; n += 1) latenciesMs.push(afterMs - beforeMs)
      beforeMs = afterMs
    }
  }
  return { act, close: () => db.close() }
}

const median = (rounds: readonly Round[], key: keyof Round): number =>
  rounds.map((round) => round[key]).toSorted((a, b) => a - b)[rounds.length >> 1] ?? 0

const line = (name: string, inFlight: number, rounds: readonly Round[]): string =>
  [
    name.padEnd(5),
    String(inFlight).padStart(4),
    `${median(rounds, 'ratePerS').toFixed(0).padStart(8)} entries/s`,
    `${median(rounds, 'cpuMsPerOp').toFixed(4)} CPU-ms/entry`,
    `p50 ${median(rounds, 'p50Ms').toFixed(3)} ms`,
    `p99 ${median(rounds, 'p99Ms').toFixed(3)} ms`,
  ].join('  ')

const main = async (parent: string): Promise<void> => {
  const folder = mkdtempSync(join(parent, 'rabta-bench-'))
  const log = await openLog(folder)
  const bare = openBare(folder)
  for (const inFlight of [1, 32, 256]) {
    const rounds: { log: Round[]; bare: Round[] } = { log: [], bare: [] }
    for (let round = 0; round < ROUNDS; round += 1) {
      rounds.log.push(await measure(inFlight, log.act))
      rounds.bare.push(await measure(inFlight, bare.act))
    }
    const ratio = median(rounds.log, 'ratePerS') / median(rounds.bare, 'ratePerS')
    process.stdout.write(`${line('log', inFlight, rounds.log)}\n`)
    process.stdout.write(`${line('bare', inFlight, rounds.bare)}  log/bare ${ratio.toFixed(2)}\n`)
  }
  await log.close()
  bare.close()
  rmSync(folder, { recursive: true })
}

await main(process.argv[2] ?? tmpdir())
