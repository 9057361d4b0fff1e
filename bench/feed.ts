import { join } from 'node:path'
import { homePaths } from '#adapters/files/home.ts'
import { openSeal } from '#adapters/files/seal.ts'
import { openSqliteAlertIndex } from '#adapters/sqlite/alert-index.ts'
import { AlertMaker, COORDINATOR, ORIGINS, publisherOf } from '#bench/alerts.ts'
import { type FeedPage, PAGE_ALERTS, readFeed, readPage } from '#bench/feed-pages.ts'
import { type BenchHub, openBenchHub } from '#bench/hub.ts'
import {
  type BenchOptions,
  measureLoad,
  ownCpuMs,
  type Part,
  ROUNDS,
  type Round,
  rowOf,
} from '#bench/measure.ts'
import { publishOne } from '#bench/publish.ts'
import { check, checkLog, checkSample, type GivenRecord } from '#bench/verify.ts'
import { frameFrom, openFrame } from '#core/frame.ts'
import type { AlertIndex, FeedFilter } from '#core/ports/alert-index.ts'
import type { Seal } from '#core/ports/seal.ts'
import { alertTopics } from '#core/topics.ts'

const READERS = 4
const ALERTS = 4_000
const PUBLISHERS = 32

/**
 * Readers that each go through the whole feed, page by page, and then again from the start: against
 * the same rows read from the index of the hub once it has stopped, the seals opened, without
 * policy, record, text and connection.
 */
export const benchFeed = async ({ seconds, profileTo }: BenchOptions): Promise<Part> => {
  await using hub = await openBenchHub({ connections: PUBLISHERS, profileTo })
  await hub.authenticate([COORDINATOR, ...ORIGINS.map(publisherOf)])
  await publishAll(hub, ALERTS)
  const roundMs = (seconds * 1_000) / ROUNDS
  const feed = new FeedReaders(hub)
  await feed.round(roundMs)
  const rounds: Round[] = []
  for (let count = 0; count < ROUNDS; count += 1) rounds.push(await feed.round(roundMs))
  const sample = await checkSample(hub, feed.given)
  const stored = await checkLog(hub, feed.given)
  const bare = await readBare(hub.home.home, roundMs)
  const baseline = rowOf(`the rows of the index, seals opened, ${PAGE_ALERTS} at once`, bare, null)
  return {
    name: 'feed',
    rows: [rowOf(`feed, ${READERS} readers, pages of ${PAGE_ALERTS}`, rounds, baseline), baseline],
    checks: [
      check('readings of the whole feed that lacked or repeated an alert', feed.faults, 0),
      sample,
      ...stored,
    ],
    notes: [
      `operations are alerts, p50 and p99 are of pages; ${ALERTS} alerts, ` +
        `read ${feed.wholeReadings} times to the end`,
    ],
  }
}

/** Publishes so many alerts, over 32 connections, until they and the `before` are in the feed. */
export const publishAll = async (hub: BenchHub, count: number, before = 0): Promise<void> => {
  const alerts = await new AlertMaker(hub.home).make(count)
  let next = 0
  const publisher = async (): Promise<void> => {
    for (let alert = alerts[next++]; alert !== undefined; alert = alerts[next++]) {
      await publishOne(hub, alert)
    }
  }
  await Promise.all(Array.from({ length: PUBLISHERS }, publisher))
  let inFeed = 0
  while (inFeed < before + count) {
    inFeed = 0
    for await (const _ of readFeed(hub)) inFeed += 1
  }
}

/** Where each reader stands, and all that they were given. */
class FeedReaders {
  readonly given: GivenRecord[] = []
  wholeReadings = 0
  faults = 0
  readonly #hub: BenchHub
  readonly #places = Array.from({ length: READERS }, () => ({
    from: 'earliest',
    seen: new Set<string>(),
  }))

  constructor(hub: BenchHub) {
    this.#hub = hub
  }

  round(ms: number): Promise<Round> {
    const act = async (reader: number): Promise<number> => {
      const page = await readPage(this.#hub, this.#places[reader]?.from ?? 'earliest')
      this.#take(reader, page)
      return page.items.length
    }
    const { child } = this.#hub
    return measureLoad({ inFlight: READERS, ms, act, cpuMs: () => child.cpuMs() })
  }

  #take(reader: number, page: FeedPage): void {
    const place = this.#places[reader]
    if (place === undefined) throw new RangeError(`there is no reader ${reader}`)
    for (const { origin, id, record } of page.items) {
      const bytes = Buffer.from(record.bytes, 'base64')
      const { index } = record
      this.given.push({ index, bytes, principal: COORDINATOR, action: 'RELEASE', origin, id })
      if (place.seen.has(`${origin} ${id}`)) this.faults += 1
      place.seen.add(`${origin} ${id}`)
    }
    place.from = page.next
    // Told «end» only with an empty page when the feed's length is a multiple of a page's.
    if (place.seen.size < ALERTS && !page.isEnd) return
    if (place.seen.size < ALERTS) this.faults += 1
    this.wholeReadings += 1
    place.from = 'earliest'
    place.seen.clear()
  }
}

const readBare = async (home: string, roundMs: number): Promise<readonly Round[]> => {
  const paths = homePaths(home)
  const seal = await openSeal(paths.seal)
  const index = openSqliteAlertIndex({
    path: join(paths.views('gateway'), 'alerts.db'),
    onReset: (why) => {
      throw new Error(`the hub's index is ${why}`)
    },
  })
  try {
    const act = bareReader(index, seal)
    const rounds: Round[] = []
    for (let count = 0; count <= ROUNDS; count += 1) {
      rounds.push(await measureLoad({ inFlight: 1, ms: roundMs, act, cpuMs: ownCpuMs }))
    }
    return rounds.slice(1)
  } finally {
    index.close()
  }
}

const bareReader = (index: AlertIndex, seal: Seal): (() => Promise<number>) => {
  const start = new Map(alertTopics('live').map((topic) => [topic, 0]))
  const labelIds = index.labels('live').map(({ id }) => id)
  let from: ReadonlyMap<string, number> = start
  return async () => {
    const nowMs = Date.now()
    const query = { realm: 'live', labelIds, filter: ANYTHING, nowMs, limit: PAGE_ALERTS } as const
    let page = index.page({ ...query, from })
    if (page.alerts.length === 0) page = index.page({ ...query, from: start })
    from = page.next
    return page.alerts.filter(({ frame }) => isOpened(seal, frame)).length
  }
}

const ANYTHING: FeedFilter = {
  jurisdictions: null,
  classifications: null,
  precedences: null,
  kinds: null,
  origins: null,
}

const isOpened = (seal: Seal, bytes: Uint8Array): boolean => {
  const frame = frameFrom(bytes)
  return frame !== null && openFrame(seal, frame).state === 'opened'
}
