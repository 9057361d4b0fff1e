import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fsckHome } from '#clients/cli/commands/fsck.ts'
import { LedgerClient, READER } from '#tests/faults/client.ts'
import { count } from '#tests/faults/count.ts'
import { FaultyHub } from '#tests/faults/faulty-hub.ts'
import { readHome } from '#tests/faults/home-ledger.ts'
import { makeTemporaryHome, type TemporaryHome } from '#tests/temporary-home.ts'

/**
 * `npm run faults`: kills the hub at random moments with many publications in flight, again and
 * again on one home, and holds at the end what clients were promised against what is there.
 */
const HELP = `npm run faults -- [--kills 500] [--in-flight 32] [--seed N] [--json]

Kills a hub on this machine with SIGKILL at random moments, each time with at least --in-flight
publications under way, and counts what was acknowledged, lost, doubled, or released without a
record. Takes about a second and a half for each kill. Ends with 1 when a count is not 0.
`

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '500' },
    'in-flight': { type: 'string', default: '32' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

/** A random number from a seed, which is printed so that a failure can be played again. */
const chances = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

const KILL_MS_MAX = 150

const startHub = async (home: TemporaryHome, client: LedgerClient): Promise<FaultyHub> => {
  const hub = await FaultyHub.start(home.home, null)
  if (hub === null) throw new Error('the hub does not start')
  client.url = hub.url
  return hub
}

const play = async (kills: number, inFlightMin: number, chance: () => number) => {
  const home = await makeTemporaryHome()
  const client = new LedgerClient(home)
  let hub = await startHub(home, client)
  let counted = 0
  let early = 0
  while (counted < kills) {
    const burst = client.burst(inFlightMin * 2)
    await new Promise((resolve) => setTimeout(resolve, chance() * KILL_MS_MAX))
    const inFlight = client.inFlight
    await hub.kill()
    if (inFlight >= inFlightMin) counted += 1
    else early += 1
    hub = await startHub(home, client)
    await Promise.all([burst, client.readOn()])
    if (process.stderr.isTTY) process.stderr.write(`\r${counted} of ${kills} kills`)
  }
  await client.readOn()
  await hub.stop()
  const counts = count(client, readHome(join(home.home, 'data', 'log.db')), READER)
  const { problems } = await fsckHome(home.home, { kafka: null, io: null })
  home.remove()
  return { kills: counted, killsWithFewerInFlight: early, ...counts, problems }
}

if (values.help) {
  process.stdout.write(HELP)
} else {
  const kills = Number(values.kills)
  const inFlight = Number(values['in-flight'])
  if (![kills, inFlight].every((one) => Number.isSafeInteger(one) && one > 0)) {
    throw new RangeError('--kills and --in-flight take whole numbers from 1 on')
  }
  const found = await play(kills, inFlight, chances(Number(values.seed)))
  const wrong = [
    ...found.lost,
    ...found.doubled,
    ...found.releasedWithoutRecord,
    ...found.unrecorded,
    ...found.problems,
  ]
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ seed: Number(values.seed), ...found }, null, 2)}\n`)
  } else {
    process.stdout.write(`
seed ${values.seed}: ${found.kills} kills with at least ${inFlight} in flight (and \
${found.killsWithFewerInFlight} with fewer)
${found.acknowledged} acknowledged, ${found.lost.length} lost, ${found.doubled.length} doubled, \
${found.releasedWithoutRecord.length} released without record, ${found.unrecorded.length} \
without their PUBLISH record, ${found.problems.length} problems found by fsck
${wrong.slice(0, 20).join('\n')}
`)
  }
  process.exitCode = wrong.length === 0 ? 0 : 1
}
