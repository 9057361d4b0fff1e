import { randomInt, randomUUID } from 'node:crypto'
import { principal } from '#bench/alerts.ts'
import type { Call } from '#bench/connections.ts'
import { type BenchHub, openBenchHub } from '#bench/hub.ts'
import { type BenchOptions, type Check, figuresOf, type Part, type Row } from '#bench/measure.ts'
import { DEMO_FEDERATION, type DemoAgency } from '#clients/cli/demo-federation.ts'
import { SIGNED_ALERT_TYPE } from '#core/envelope.ts'
import { sampleAlert } from '#tests/sample-alert.ts'
import { signed } from '#tests/test-hub.ts'

const PAIRS = 2_000
const WARM_UP_PAIRS = 200
const ALERTS = 100
/** Many, since each may be denied so much a minute. */
const READERS = 240
const READER_AGENCY = 'ctd-sindh'
const PUBLISHER = principal('ctd-kp/feed-system')
const RATIO_OFF_MAX = 0.1

/**
 * Whether the time of an answer tells what is denied from what does not exist: pairs of one request
 * for each, by the same reader, in random order, one at a time.
 */
export const benchDenied = async ({ profileTo }: BenchOptions): Promise<Part> => {
  await using hub = await openBenchHub({ connections: 1, profileTo, agencies: federation() })
  await hub.authenticate([PUBLISHER])
  const published = await publishAll(hub)
  const rows: Row[] = []
  const checks: Check[] = []
  for (const [what, callOf] of Object.entries(ROUTES)) {
    // A token lives for five minutes, which is more than a route takes.
    await hub.authenticate(READER_NAMES)
    await measure(hub, callOf, published, WARM_UP_PAIRS)
    const { denied, nothing } = await measure(hub, callOf, published, PAIRS)
    const [ofDenied, ofNothing] = [rowFrom(`${what}: denied`, denied), rowFrom('nothing', nothing)]
    rows.push(ofDenied, ofNothing)
    checks.push(checkOf(what, ofDenied.p50Ms / ofNothing.p50Ms))
  }
  return { name: 'denied', rows, checks, notes: [`${PAIRS} pairs a route, ${READERS} readers`] }
}

interface Existing {
  readonly ids: readonly string[]
  /** Of the records of their publications. */
  readonly indexes: readonly number[]
}

/** Asked for what is there, number `at` of it, or for what is not. */
type CallOf = (existing: Existing, at: number | null) => Call

const idOf = ({ ids }: Existing, at: number | null): string =>
  at === null ? randomUUID() : (ids[at] ?? '')

const get = (path: string): Call => ({ method: 'GET', path, headers: {} })

const indexOf = ({ indexes }: Existing, at: number | null): number =>
  at === null ? BEYOND + randomInt(BEYOND) : (indexes[at] ?? 0)

const BEYOND = 1_000_000

const ROUTES: Readonly<Record<string, CallOf>> = {
  read: (existing, at) => get(`/v1/alerts/ctd-kp/${idOf(existing, at)}`),
  status: (existing, at) => get(`/v1/alerts/ctd-kp/${idOf(existing, at)}/status`),
  acknowledge: (existing, at) => ({
    method: 'POST',
    path: `/v1/alerts/ctd-kp/${idOf(existing, at)}/acknowledgements`,
    headers: {},
  }),
  'given to': (existing, at) => get(`/v1/access-log/alerts/ctd-kp/${idOf(existing, at)}`),
  record: (existing, at) => get(`/v1/access-log/records/${indexOf(existing, at)}`),
  proof: (existing, at) => get(`/v1/access-log/records/${indexOf(existing, at)}/proof`),
}

const measure = async (
  hub: BenchHub,
  callOf: CallOf,
  existing: Existing,
  pairs: number,
): Promise<{ readonly denied: readonly number[]; readonly nothing: readonly number[] }> => {
  const took = { denied: [] as number[], nothing: [] as number[] }
  for (let pair = 0; pair < pairs; pair += 1) {
    const reader = READER_NAMES[pair % READERS]
    if (reader === undefined) throw new RangeError('no reader')
    const both = ['denied', 'nothing'] as const
    for (const kind of randomInt(2) === 0 ? both : both.toReversed()) {
      const call = callOf(existing, kind === 'denied' ? randomInt(ALERTS) : null)
      const startMs = performance.now()
      const answer = await hub.call(reader, call)
      took[kind].push(performance.now() - startMs)
      if (answer.status !== 404) throw new Error(`not denied: ${answer.status} ${answer.body}`)
    }
  }
  return took
}

const rowFrom = (what: string, latenciesMs: readonly number[]): Row => {
  const tookMs = latenciesMs.reduce((sum, one) => sum + one, 0)
  const round = { operations: latenciesMs.length, tookMs, cpuMs: Number.NaN, latenciesMs }
  return { what, ...figuresOf(round), ratio: null }
}

const checkOf = (what: string, ratio: number): Check => ({
  what: `${what}: medians within ${RATIO_OFF_MAX * 100} %`,
  isGood: Math.abs(ratio - 1) <= RATIO_OFF_MAX,
  found: `× ${ratio.toFixed(3)}`,
})

const publishAll = async (hub: BenchHub): Promise<Existing> => {
  const ids: string[] = []
  const indexes: number[] = []
  const signer = hub.home.alertSigner('ctd-kp')
  for (let at = 0; at < ALERTS; at += 1) {
    const alert = sampleAlert()
    const answer = await hub.call(PUBLISHER, {
      method: 'POST',
      path: '/v1/alerts',
      headers: { 'content-type': SIGNED_ALERT_TYPE },
      body: await signed(alert, signer),
    })
    if (answer.status !== 201) throw new Error(`not accepted: ${answer.status} ${answer.body}`)
    ids.push(alert.id)
    const { record }: { readonly record: { readonly index: number } } = JSON.parse(
      answer.body.toString(),
    )
    indexes.push(record.index)
  }
  return { ids, indexes }
}

const READER_NAMES = Array.from({ length: READERS }, (_, at) =>
  principal(`${READER_AGENCY}/reader-${at}`),
)

const federation = (): readonly DemoAgency[] =>
  DEMO_FEDERATION.map((agency) =>
    agency.agency === READER_AGENCY
      ? {
          ...agency,
          principals: READER_NAMES.map((name) => ({
            name: name.slice(READER_AGENCY.length + 1),
            kind: 'PERSON',
            clearance: 'CONFIDENTIAL',
            caveats: [],
            roles: ['subscriber'],
          })),
        }
      : agency,
  )
