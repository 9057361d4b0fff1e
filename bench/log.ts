import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteLog } from '#adapters/sqlite/message-log.ts'
import { ALERT_BYTES } from '#bench/alerts.ts'
import { type BareTable, openBareTable } from '#bench/bare-table.ts'
import {
  type BenchOptions,
  measureLoad,
  ownCpuMs,
  type Part,
  ROUNDS,
  type Round,
  type Row,
  rowOf,
} from '#bench/measure.ts'
import type { MessageLog } from '#core/ports/message-log.ts'

const IN_FLIGHT = [1, 32, 256] as const
const TOPIC = 'bench'
const ENTRY = new Uint8Array(ALERT_BYTES).fill(0x5a)

/** Appends to the embedded message log: against a loop that commits as many entries at a time. */
export const benchLog = async ({ seconds }: BenchOptions): Promise<Part> => {
  const folder = mkdtempSync(join(tmpdir(), 'rabta-bench-log-'))
  const log = openSqliteLog({ path: join(folder, 'log.db') })
  await log.ensureTopics([TOPIC])
  const bare = openBareTable(join(folder, 'bare.db'))
  try {
    const rows: Row[] = []
    for (const inFlight of IN_FLIGHT) {
      rows.push(...(await benchInFlight(log, bare, { inFlight, ms: (seconds * 1_000) / ROUNDS })))
    }
    return { name: 'log', rows, checks: [], notes: [`entries of ${ENTRY.length} bytes`] }
  } finally {
    await log.close()
    bare.close()
    rmSync(folder, { recursive: true })
  }
}

const benchInFlight = async (
  log: MessageLog,
  bare: BareTable,
  { inFlight, ms }: { readonly inFlight: number; readonly ms: number },
): Promise<readonly Row[]> => {
  const append = async (): Promise<number> => (await log.append(TOPIC, [ENTRY])).length
  const commit = async (): Promise<number> => bare.commit(inFlight, () => ENTRY)
  const rounds: { log: Round[]; bare: Round[] } = { log: [], bare: [] }
  for (let count = 0; count <= ROUNDS; count += 1) {
    rounds.log.push(await measureLoad({ inFlight, ms, act: append, cpuMs: ownCpuMs }))
    rounds.bare.push(await measureLoad({ inFlight: 1, ms, act: commit, cpuMs: ownCpuMs }))
  }
  // The first of each was the warm-up.
  const baseline = rowOf(`${inFlight} rows a commit, node:sqlite`, rounds.bare.slice(1), null)
  return [rowOf(`append, ${inFlight} in flight`, rounds.log.slice(1), baseline), baseline]
}
