import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '#adapters/crypto/clock.ts'
import { randomBytes } from '#adapters/crypto/random.ts'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { homePaths } from '#adapters/files/home.ts'
import { partsOptions } from '#adapters/process/parts-options.ts'
import { openSqliteLog } from '#adapters/sqlite/message-log.ts'
import { COORDINATOR, NACTA_ID, ORIGINS } from '#bench/alerts.ts'
import { type BareTable, openBareTable } from '#bench/bare-table.ts'
import {
  type BenchOptions,
  type Check,
  measureLoad,
  ownCpuMs,
  type Part,
  ROUNDS,
  type Round,
  type Row,
  rowOf,
} from '#bench/measure.ts'
import { check, checkStored, type GivenRecord } from '#bench/verify.ts'
import { type AccessLog, openAccessLog, type RecordDraft } from '#core/access-log.ts'
import { startParts } from '#core/service-parts.ts'
import { uuidFromRandom } from '#core/uuid.ts'
import { type OpenAudit, openAudit } from '#services/audit/main.ts'
import { makeTemporaryHome } from '#tests/temporary-home.ts'

/** One record a call, as publications and single reads do; a page of records, as feeds do. */
const SHAPES = [
  { inFlight: 32, records: 1 },
  { inFlight: 4, records: 500 },
] as const
type Shape = (typeof SHAPES)[number]

const BEHIND_MS_MAX = 1_000

/**
 * Access records through the port, all of them different, with the audit service's tree, index and
 * comparison following in the same process: against a loop that commits as many rows at a time.
 */
export const benchRecords = async ({ seconds }: BenchOptions): Promise<Part> => {
  const home = await makeTemporaryHome()
  try {
    const writer = await openWriter(home.home)
    const bare = openBareTable(join(homePaths(home.home).data, 'bare.db'))
    const rows: Row[] = []
    for (const shape of SHAPES) rows.push(...(await benchShape(writer, bare, { shape, seconds })))
    bare.close()
    await writer.close()
    return {
      name: 'records',
      rows,
      checks: [
        behindCheck(writer.behindMs),
        check('alarms', writer.alarms.length, 0),
        ...(await checkStored(home.home, writer.given)),
      ],
      notes: ['operations are records, p50 and p99 are of calls'],
    }
  } finally {
    home.remove()
  }
}

const benchShape = async (
  writer: Writer,
  bare: BareTable,
  { shape, seconds }: { readonly shape: Shape; readonly seconds: number },
): Promise<readonly Row[]> => {
  const roundMs = (seconds * 1_000) / ROUNDS
  const { inFlight, records } = shape
  const act = async (): Promise<number> =>
    bare.commit(inFlight * records, () => randomBytes(RECORD_BYTES))
  const rounds: { port: Round[]; bare: Round[] } = { port: [], bare: [] }
  for (let count = 0; count <= ROUNDS; count += 1) {
    rounds.port.push(await writer.round(shape, roundMs))
    rounds.bare.push(await measureLoad({ inFlight: 1, ms: roundMs, act, cpuMs: ownCpuMs }))
  }
  const name = `${inFlight} × ${records} rows a commit, node:sqlite`
  // The first of each was the warm-up.
  const baseline = rowOf(name, rounds.bare.slice(1), null)
  const row = rowOf(`${inFlight} in flight, ${records} a call`, rounds.port.slice(1), baseline)
  return [row, baseline]
}

const behindCheck = (behindMs: readonly number[]): Check => {
  const longestMs = Math.max(...behindMs)
  return {
    what: `tree, index and comparison at most ${BEHIND_MS_MAX} ms behind the last record`,
    isGood: longestMs <= BEHIND_MS_MAX,
    found: `${longestMs.toFixed(0)} ms`,
  }
}

interface Writer {
  readonly given: readonly GivenRecord[]
  readonly behindMs: readonly number[]
  readonly alarms: readonly string[]
  round(shape: Shape, ms: number): Promise<Round>
  close(): Promise<void>
}

const openWriter = async (home: string): Promise<Writer> => {
  const paths = homePaths(home)
  mkdirSync(paths.data, { recursive: true })
  const log = openSqliteLog({ path: paths.logDatabase })
  const alarms: string[] = []
  const options = await partsOptions(home, log, ({ what }) => alarms.push(what))
  const parts = await startParts(options)
  const audit = await openAudit(home, parts)
  const accessLog = openAccessLog({
    log,
    sha256,
    clock: systemClock,
    random: randomBytes,
    service: 'GATEWAY',
  })
  const given: GivenRecord[] = []
  const behindMs: number[] = []
  return {
    given,
    behindMs,
    alarms,
    round: async ({ inFlight, records }, ms) => {
      const act = () => appendSome(accessLog, records, given)
      const round = await measureLoad({ inFlight, ms, act, cpuMs: ownCpuMs })
      behindMs.push(await timeUntilCaughtUp(audit))
      return round
    },
    close: async () => {
      await audit.close()
      await parts.directory.stop()
      await log.close()
    },
  }
}

const appendSome = async (
  accessLog: AccessLog,
  count: number,
  given: GivenRecord[],
): Promise<number> => {
  const drafts = Array.from({ length: count }, (_, at) => draftOf(given.length + at))
  const written = await accessLog.append(drafts)
  for (const [at, { index, bytes }] of written.entries()) {
    const { alert } = drafts[at] ?? {}
    if (!alert) throw new RangeError('more records than drafts')
    const { origin, id } = alert
    given.push({ index, bytes, principal: COORDINATOR, action: 'RELEASE', origin, id })
  }
  return written.length
}

const DIGEST = new Uint8Array(32).fill(0x5a)

/** The release of an alert that nobody was given yet. */
const draftOf = (number: number): RecordDraft => ({
  requestId: uuidFromRandom(randomBytes(16)),
  realm: 'live',
  principal: COORDINATOR,
  agency: NACTA_ID,
  action: 'RELEASE',
  outcome: 'ALLOWED',
  alert: {
    origin: ORIGINS[number % ORIGINS.length] ?? NACTA_ID,
    id: uuidFromRandom(randomBytes(16)),
    digest: DIGEST,
  },
  reasons: [],
  policyDigest: DIGEST,
  directory: { sequence: 100, digest: DIGEST },
  purpose: null,
  searchTerms: null,
})

const timeUntilCaughtUp = async (audit: OpenAudit): Promise<number> => {
  const startMs = performance.now()
  await audit.caughtUp()
  return performance.now() - startMs
}

/** What a record of a release comes to. */
const RECORD_BYTES = 260
