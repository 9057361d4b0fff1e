import { COORDINATOR, ORIGINS, publisherOf } from '#bench/alerts.ts'
import { publishAll } from '#bench/feed.ts'
import { openBenchHub, startHub } from '#bench/hub.ts'
import { type BenchOptions, type Part, ROUNDS, type Round, rowOf } from '#bench/measure.ts'
import { check } from '#bench/verify.ts'
import { makeTemporaryHome } from '#tests/temporary-home.ts'

const CONNECTIONS = 32
/** A session lives for five minutes. */
const ALERTS_AT_ONCE = 20_000

/**
 * From the start of the process until it is ready to be asked: on a new home, and on one with
 * alerts; and the most memory that the process had, when it published those and when it began again.
 */
export const benchStart = async ({ alerts }: BenchOptions): Promise<Part> => {
  const empty = await emptyRounds()
  await using hub = await openBenchHub({ connections: CONNECTIONS, profileTo: null })
  for (let made = 0; made < alerts; made += ALERTS_AT_ONCE) {
    await hub.authenticate([COORDINATOR, ...ORIGINS.map(publisherOf)])
    await publishAll(hub, Math.min(alerts, made + ALERTS_AT_ONCE) - made, made)
  }
  const publishedRssMib = await hub.child.rssMibMax()
  await hub.stop()
  const full = await startRounds(hub.home.home)
  const rssMib = [...full.rssMib].sort((a, b) => a - b)[full.rssMib.length >> 1] ?? 0
  return {
    name: 'start',
    rows: [
      rowOf('ready after start, a new home', empty.rounds, null),
      rowOf(`ready after start, ${alerts} alerts`, full.rounds, null),
    ],
    checks: [
      check('starts that were measured', empty.rounds.length + full.rounds.length, 2 * ROUNDS),
    ],
    notes: [
      `most memory: ${publishedRssMib.toFixed(0)} MiB after ${alerts} alerts were published and ` +
        `read, ${rssMib.toFixed(0)} MiB after a start with them`,
    ],
  }
}

interface Starts {
  readonly rounds: Round[]
  readonly rssMib: number[]
}

const emptyRounds = async (): Promise<Starts> => {
  const starts: Starts = { rounds: [], rssMib: [] }
  for (let count = 0; count < ROUNDS; count += 1) {
    const home = await makeTemporaryHome()
    await startOnce(home.home, starts)
    home.remove()
  }
  return starts
}

const startRounds = async (home: string): Promise<Starts> => {
  const starts: Starts = { rounds: [], rssMib: [] }
  for (let count = 0; count < ROUNDS; count += 1) await startOnce(home, starts)
  return starts
}

const startOnce = async (home: string, { rounds, rssMib }: Starts): Promise<void> => {
  const beforeMs = performance.now()
  await using child = await startHub(home, null)
  const tookMs = performance.now() - beforeMs
  rounds.push({ operations: 1, tookMs, cpuMs: await child.cpuMs(), latenciesMs: [tookMs] })
  rssMib.push(await child.rssMibMax())
}
