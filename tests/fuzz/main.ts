import { parseArgs } from 'node:util'
import { keepCase } from '#tests/fuzz/cases.ts'
import { fuzzHttp } from '#tests/fuzz/http.ts'
import { type Report, run } from '#tests/fuzz/run.ts'
import type { Target } from '#tests/fuzz/target.ts'
import { TARGETS } from '#tests/fuzz/targets.ts'

/** `npm run fuzz`: gives millions of hostile inputs to everything that takes bytes from strangers. */
const HELP = `npm run fuzz -- [--mutants 5000000] [--requests 50000] [--seed N] [--only TARGETS] [--keep] [--json]

Makes inputs by mutation and by grammar with one fault each, and holds what takes them to oracles:
nothing thrown that is not promised, less than 50 ms of processor time a call, bounded memory, what
is accepted is written again as the same bytes by both Avro codecs, what verifies was signed.

  --mutants N     inputs of all targets together
  --requests N    HTTP requests to a whole hub on 127.0.0.1; 0 for none. With --only, none unless given
  --seed N        plays a run again
  --only TARGETS  some of them, by commas: ${TARGETS.map(({ name }) => name).join(', ')}
  --keep          writes each finding, minimised, into tests/fuzz/cases, which npm test tries again
  --json          figures for programs

«past» is the share of inputs that got past the reader: below 5 % a target is not really tried.
Ends with 1 when there is a finding, or a target of 10,000 inputs or more is below 5 %.
`

const PAST_SHARE_MIN = 0.05
const INPUTS_JUDGED_MIN = 10_000

const { values } = parseArgs({
  options: {
    mutants: { type: 'string', default: '5000000' },
    requests: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    only: { type: 'string' },
    keep: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const chosen = (only: string | undefined): readonly Target[] => {
  if (only === undefined) return TARGETS
  return only.split(',').map((name) => {
    const found = TARGETS.find((target) => target.name === name)
    if (found === undefined) throw new RangeError(`there is no target ${name}; see --help`)
    return found
  })
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`

const lineOf = (report: Report): string =>
  [
    report.target.padEnd(24),
    String(report.inputs).padStart(9),
    `past ${percent(report.pastShare)}`.padStart(13),
    `accepted ${percent(report.accepted / Math.max(1, report.inputs))}`.padStart(17),
    `heap ${(report.heapGrowthBytes / 1_048_576).toFixed(1)} MiB`.padStart(15),
    `${report.findings.length} findings`.padStart(12),
  ].join(' ')

const say = (text: string): void => {
  if (!values.json) process.stdout.write(`${text}\n`)
}

const fuzz = async (mutants: number, seed: number): Promise<boolean> => {
  const targets = chosen(values.only)
  const weights = targets.reduce((sum, { weight }) => sum + weight, 0)
  const startedAtMs = performance.now()
  say(`seed ${seed}`)
  const reports: Report[] = []
  for (const target of targets) {
    const inputs = Math.max(1, Math.round((mutants * target.weight) / weights))
    const onProgress = (done: number) => {
      if (process.stderr.isTTY) process.stderr.write(`\r${target.name}: ${done} of ${inputs}  `)
    }
    const report = await run(target, { inputs, seed, onProgress })
    reports.push(report)
    say(lineOf(report))
    for (const finding of report.findings) {
      say(`  ${finding.what}\n  input ${finding.index}, minimised: ${finding.hex}`)
      if (values.keep && finding.hex !== '') say(`  kept as ${keepCase(finding)}`)
    }
  }
  const untried = reports.filter(
    ({ inputs, pastShare }) => inputs >= INPUTS_JUDGED_MIN && pastShare < PAST_SHARE_MIN,
  )
  const findings = reports.flatMap((report) => report.findings)
  const seconds = Math.round((performance.now() - startedAtMs) / 1_000)
  const inputs = reports.reduce((sum, report) => sum + report.inputs, 0)
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ seed, inputs, seconds, reports }, null, 2)}\n`)
  }
  say(`${inputs} inputs in ${seconds} s, ${findings.length} findings`)
  if (untried.length > 0) say(`hardly tried: ${untried.map(({ target }) => target).join(', ')}`)
  return findings.length === 0 && untried.length === 0
}

const fuzzHub = async (requests: number, seed: number): Promise<boolean> => {
  if (requests === 0) return true
  const onProgress = (done: number) => {
    if (process.stderr.isTTY) process.stderr.write(`\rhttp: ${done} of ${requests}  `)
  }
  const report = await fuzzHttp({ requests, seed, onProgress })
  if (values.json) process.stdout.write(`${JSON.stringify({ http: report }, null, 2)}\n`)
  const { statuses, slowestCpuMs, findings, pastShare } = report
  say(`${report.requests} HTTP requests: past ${percent(pastShare)}, ${JSON.stringify(statuses)}`)
  say(`  slowest ${slowestCpuMs.toFixed(1)} ms of CPU, ${findings.length} findings`)
  for (const { what, route, index, hex } of findings) {
    say(`  ${what}: ${route}, request ${index}\n  ${Buffer.from(hex, 'hex').toString('latin1')}`)
  }
  return findings.length === 0
}

if (values.help) {
  process.stdout.write(HELP)
} else {
  const [mutants, seed] = [Number(values.mutants), Number(values.seed)]
  if (!Number.isSafeInteger(mutants) || mutants < 1 || !Number.isSafeInteger(seed)) {
    throw new RangeError('--mutants and --seed take whole numbers')
  }
  const requests = Number(values.requests ?? (values.only === undefined ? 50_000 : 0))
  if (!Number.isSafeInteger(requests) || requests < 0) {
    throw new RangeError('--requests takes a whole number')
  }
  const isClean = [await fuzz(mutants, seed), await fuzzHub(requests, seed)]
  process.exitCode = isClean.every(Boolean) ? 0 : 1
}
