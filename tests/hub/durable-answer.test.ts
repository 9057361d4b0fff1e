import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { LedgerClient } from '#tests/faults/client.ts'
import { FaultyHub } from '#tests/faults/faulty-hub.ts'
import { makeTemporaryHome } from '#tests/temporary-home.ts'

/** The system's own account of what a hub did, in order: `strace` writes a line for each call. */
const hasStrace = ((): boolean => {
  try {
    execFileSync('strace', ['-qq', '-o', '/dev/null', 'true'])
    return true
  } catch {
    return false
  }
})()
if (!hasStrace) process.stderr.write('the trace test is skipped: strace cannot trace here\n')

const CALLS = 'trace=fdatasync,fsync,pwrite64,pwritev,write,writev,sendto,sendmsg'

/**
 * What is wrong with the order of a trace: an answer 201 with bytes of the log behind the last
 * fdatasync, or with fewer than two commits since the answer before (record, then frame).
 */
const faultsOf = (trace: readonly string[]): readonly string[] => {
  const faults: string[] = []
  let isSynced = true
  let commits = 0
  let answers = 0
  for (const line of trace) {
    if (/pwrite(?:64|v)\(\d+<[^>]*log\.db-wal>/.test(line)) isSynced = false
    if (/f(?:data)?sync\(\d+<[^>]*log\.db-wal>\)/.test(line)) {
      isSynced = true
      commits += 1
    }
    if (!line.includes('HTTP/1.1 201')) continue
    answers += 1
    if (!isSynced) faults.push('an answer before the bytes were durable')
    if (commits < 2) faults.push(`an answer after ${commits} commits`)
    commits = 0
  }
  return answers === 0 ? ['no answer 201 in the trace'] : faults
}

test.skipIf(!hasStrace)(
  'record and frame are on the disk before the answer 201 is written',
  async () => {
    const home = await makeTemporaryHome()
    const folder = mkdtempSync(join(tmpdir(), 'rabta-trace-'))
    const file = join(folder, 'trace')
    // As a grandchild it leaves the hub our own child, for signals. The main thread does it all.
    const under = ['strace', '-D', '-qq', '-y', '-s', '24', '-e', CALLS, '-o', file]
    const hub = await FaultyHub.start(home.home, null, { under })
    if (hub === null) throw new Error('the hub does not start')
    const client = new LedgerClient(home)
    client.url = hub.url
    for (let alert = 0; alert < 5; alert += 1) await client.burst(1)
    await hub.stop()
    const trace = readFileSync(file, 'utf8').split('\n')
    rmSync(folder, { recursive: true })
    home.remove()
    expect(faultsOf(trace)).toEqual([])
    // The check itself can fail.
    const unsynced = trace.filter((line) => !/f(?:data)?sync\(/.test(line))
    expect(faultsOf(unsynced).length).toBeGreaterThan(0)
  },
  120_000,
)
