/** `npm run bench`: what publishing, feeds and access records take, against a bare baseline. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { benchDenied } from '#bench/denied.ts'
import { benchFeed } from '#bench/feed.ts'
import { benchLatency } from '#bench/latency.ts'
import { benchLog } from '#bench/log.ts'
import { type BenchOptions, machineLine, markdownOf, type Part, tableOf } from '#bench/measure.ts'
import { benchPublish } from '#bench/publish.ts'
import { benchRecords } from '#bench/records.ts'
import { benchStart } from '#bench/start.ts'
import { benchViews } from '#bench/views.ts'

const PARTS = {
  publish: benchPublish,
  latency: benchLatency,
  feed: benchFeed,
  records: benchRecords,
  log: benchLog,
  views: benchViews,
  denied: benchDenied,
  start: benchStart,
} as const
type PartName = keyof typeof PARTS

const USUAL = 'publish,latency,feed,records'

const HELP = `npm run bench -- [options]

  --only PARTS     some of ${Object.keys(PARTS).join(',')}; usually ${USUAL}
  --seconds N      how long each is measured; usually 5
  --alerts N       how many are there when a start is measured; usually 4000
  --json FILE      the figures for programs too
  --table FILE     the figures as a table in Markdown too
  --profile FOLDER a CPU profile of the hub's process in each part that has one
  --help

Starts a hub on a port of 127.0.0.1 and removes it. TMPDIR decides which disk is measured.
Ends with code 1 when a check fails: then the figures mean nothing.
«rate ×» and «CPU ×» are those of the line compared with the bare line under it.
`

const isPartName = (name: string): name is PartName => Object.hasOwn(PARTS, name)

const main = async (): Promise<number> => {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: USUAL },
      seconds: { type: 'string', default: '5' },
      alerts: { type: 'string', default: '4000' },
      json: { type: 'string' },
      table: { type: 'string' },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  const names = values.only.split(',')
  const seconds = Number(values.seconds)
  const alerts = Number(values.alerts)
  const isCount = Number.isSafeInteger(alerts) && alerts > 0
  if (!names.every(isPartName) || !isCount || !(seconds > 0 && seconds <= SECONDS_MAX)) {
    process.stderr.write(HELP)
    return 2
  }
  const profileTo = values.profile ?? null
  if (profileTo !== null) mkdirSync(profileTo, { recursive: true })
  const parts = await runParts(names, { seconds, profileTo, alerts })
  const machine = machineLine()
  process.stdout.write(`${machine}\n`)
  if (values.json !== undefined) {
    writeFileSync(values.json, `${JSON.stringify({ machine, seconds, parts }, null, 2)}\n`)
  }
  if (values.table !== undefined) writeFileSync(values.table, markdownOf(machine, parts))
  return parts.every(({ checks }) => checks.every(({ isGood }) => isGood)) ? 0 : 1
}

/** A token lives for five minutes, and a round is measured with one. */
const SECONDS_MAX = 240

const runParts = async (
  names: readonly PartName[],
  options: BenchOptions,
): Promise<readonly Part[]> => {
  const parts: Part[] = []
  for (const name of names) {
    const part = await PARTS[name](options)
    process.stdout.write(`${tableOf(part)}\n`)
    parts.push(part)
  }
  return parts
}

process.exitCode = await main()
