import { setTimeout } from 'node:timers/promises'
import { AlertMaker, COORDINATOR, ORIGINS, publisherOf, type SignedAlert } from '#bench/alerts.ts'
import { type Child, startChild } from '#bench/child.ts'
import { Connections } from '#bench/connections.ts'
import { readFeed } from '#bench/feed-pages.ts'
import { type BenchHub, openBenchHub } from '#bench/hub.ts'
import {
  type BenchOptions,
  type Check,
  measureLoad,
  type Part,
  ROUNDS,
  type Round,
  rowOf,
} from '#bench/measure.ts'
import { check, checkLog, checkSample, type GivenRecord } from '#bench/verify.ts'
import { SIGNED_ALERT_TYPE } from '#core/envelope.ts'

const CONNECTIONS = 32
const WARM_UP_ALERTS = 2_000
const BACKLOG_MS_MAX = 1_000

/** An alert that the hub answered for, with the record that it gave. */
export interface Acknowledged {
  readonly alert: SignedAlert
  readonly record: { readonly index: number; readonly bytes: string }
}

/**
 * Alerts that were signed beforehand, posted over connections that stay open, each answered before
 * the next: against a route of the same form that does nothing.
 */
export const benchPublish = async ({ seconds, profileTo }: BenchOptions): Promise<Part> => {
  await using hub = await openBenchHub({ connections: CONNECTIONS, profileTo })
  await using bare = await openBare(hub.home.home)
  const maker = new AlertMaker(hub.home)
  await hub.authenticate([COORDINATOR, ...ORIGINS.map(publisherOf)])
  const roundMs = (seconds * 1_000) / ROUNDS
  const acknowledged: Acknowledged[] = []
  const publishSome = async (count: number, ms: number): Promise<Round> =>
    publishFor(hub, { alerts: await maker.make(count), ms, acknowledged })
  const warmUp = await publishSome(WARM_UP_ALERTS, WARM_UP_MS_MAX)
  await bare.round(acknowledged, roundMs)
  const rounds: { hub: Round[]; bare: Round[] } = { hub: [], bare: [] }
  const backlogsMs: number[] = []
  let ratePerMs = warmUp.operations / warmUp.tookMs
  for (let count = 0; count < ROUNDS; count += 1) {
    const round = await publishSome(Math.ceil(ratePerMs * roundMs * SPARE) + CONNECTIONS, roundMs)
    backlogsMs.push(await backlogMs(hub, acknowledged))
    ratePerMs = Math.max(ratePerMs, round.operations / round.tookMs)
    rounds.hub.push(round)
    rounds.bare.push(await bare.round(acknowledged, roundMs))
  }
  const checks = await checkPublished(hub, acknowledged)
  const baseline = rowOf(`a bare Fastify route, ${CONNECTIONS} connections`, rounds.bare, null)
  return {
    name: 'publish',
    rows: [rowOf(`publish, ${CONNECTIONS} connections`, rounds.hub, baseline), baseline],
    checks: [backlogCheck(backlogsMs), ...checks],
    notes: [`alerts of ${meanBytes(acknowledged)} bytes signed, 5 origins, 20 labels`],
  }
}

const WARM_UP_MS_MAX = 30_000
/** So many more alerts are made than the last rounds would take: a round may be faster. */
const SPARE = 1.5

/** Publishes each alert once; ends with the last of them, or with the time. */
const publishFor = async (
  hub: BenchHub,
  load: {
    readonly alerts: readonly SignedAlert[]
    readonly ms: number
    readonly acknowledged: Acknowledged[]
  },
): Promise<Round> => {
  let next = 0
  const act = async (): Promise<number> => {
    const alert = load.alerts[next]
    if (alert === undefined) return 0
    next += 1
    load.acknowledged.push(await publishOne(hub, alert))
    return 1
  }
  const { child } = hub
  return measureLoad({ inFlight: CONNECTIONS, ms: load.ms, act, cpuMs: () => child.cpuMs() })
}

export const publishOne = async (hub: BenchHub, alert: SignedAlert): Promise<Acknowledged> => {
  const answer = await hub.call(alert.publisher, {
    method: 'POST',
    path: '/v1/alerts',
    headers: { 'content-type': SIGNED_ALERT_TYPE },
    body: alert.bytes,
  })
  if (answer.status !== 201) throw new Error(`not accepted: ${answer.status} ${answer.body}`)
  const { record }: Pick<Acknowledged, 'record'> = JSON.parse(answer.body.toString())
  return { alert, record }
}

/** How long after the last answer the last alerts are in the index. */
const backlogMs = async (hub: BenchHub, acknowledged: readonly Acknowledged[]): Promise<number> => {
  const startMs = performance.now()
  // Each topic keeps its order, so that behind the last of all labels nothing is missing.
  for (const { alert } of acknowledged.slice(-LAST_ALERTS)) {
    while ((await stateOf(hub, alert)) !== 'routed') {
      if (performance.now() - startMs > GIVE_UP_MS) return Number.POSITIVE_INFINITY
      await setTimeout(5)
    }
  }
  return performance.now() - startMs
}

/** Of all pairs of an origin and a label, and what may have overtaken them. */
const LAST_ALERTS = 100 + CONNECTIONS
const GIVE_UP_MS = 30_000

const stateOf = async (hub: BenchHub, { publisher, origin, id }: SignedAlert): Promise<string> => {
  const path = `/v1/alerts/${origin}/${id}/status`
  const answer = await hub.call(publisher, { method: 'GET', path, headers: {} })
  if (answer.status !== 200) throw new Error(`no status: ${answer.status} ${answer.body}`)
  return JSON.parse(answer.body.toString()).state
}

const backlogCheck = (backlogsMs: readonly number[]): Check => {
  const longestMs = Math.max(...backlogsMs)
  return {
    what: `in the index at most ${BACKLOG_MS_MAX} ms after the last answer`,
    isGood: longestMs <= BACKLOG_MS_MAX,
    found: `${longestMs.toFixed(0)} ms`,
  }
}

/** Stops the hub. */
const checkPublished = async (
  hub: BenchHub,
  acknowledged: readonly Acknowledged[],
): Promise<readonly Check[]> => {
  const inFeed = await checkFeed(hub, acknowledged)
  const given = acknowledged.map(recordOf)
  const sample = await checkSample(hub, given)
  return [...inFeed, sample, ...(await checkLog(hub, given))]
}

const checkFeed = async (
  hub: BenchHub,
  acknowledged: readonly Acknowledged[],
): Promise<readonly Check[]> => {
  const sent = new Map(acknowledged.map(({ alert }) => [`${alert.origin} ${alert.id}`, alert]))
  let items = 0
  let same = 0
  for await (const { origin, id, signedAlert } of readFeed(hub)) {
    items += 1
    const alert = sent.get(`${origin} ${id}`)
    if (alert && Buffer.from(alert.bytes).toString('base64') === signedAlert) same += 1
    // What comes again is no longer known.
    sent.delete(`${origin} ${id}`)
  }
  return [
    check('acknowledged alerts in the feed, the bytes that were signed', same, acknowledged.length),
    check('items of the feed, each alert once', items, acknowledged.length),
  ]
}

const recordOf = ({ alert, record }: Acknowledged): GivenRecord => ({
  index: record.index,
  bytes: Buffer.from(record.bytes, 'base64'),
  principal: alert.publisher,
  action: 'PUBLISH',
  origin: alert.origin,
  id: alert.id,
})

const meanBytes = (acknowledged: readonly Acknowledged[]): number =>
  Math.round(
    acknowledged.reduce((sum, { alert }) => sum + alert.bytes.length, 0) / acknowledged.length,
  )

interface Bare extends AsyncDisposable {
  /** Posts the same bodies with the same headers. */
  round(bodies: readonly Acknowledged[], ms: number): Promise<Round>
}

const openBare = async (folder: string): Promise<Bare> => {
  await using opening = new AsyncDisposableStack()
  const child: Child = opening.use(
    await startChild({
      main: 'bench/bare-server.ts',
      settings: {},
      folder,
      profileTo: null,
    }),
  )
  const connections = opening.use(new Connections(child.url, CONNECTIONS))
  const opened = opening.move()
  return {
    round: (bodies, ms) => {
      let next = 0
      const act = async (): Promise<number> => {
        const body = bodies[next++ % bodies.length]?.alert.bytes ?? new Uint8Array(0)
        const answer = await connections.call({
          method: 'POST',
          path: '/v1/alerts',
          headers: {
            'content-type': SIGNED_ALERT_TYPE,
            authorization: `Bearer ${'a'.repeat(400)}`,
          },
          body,
        })
        // As the hub's answers are read.
        JSON.parse(answer.body.toString())
        return answer.status === 201 ? 1 : 0
      }
      return measureLoad({ inFlight: CONNECTIONS, ms, act, cpuMs: () => child.cpuMs() })
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
