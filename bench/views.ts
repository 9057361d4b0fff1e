/**
 * What the embedded views take: `node bench/views.ts [folder]`. The folder decides which disk is
 * measured. 100,000 alerts, a million access records; every question is put many times over.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteAlertIndex } from '#adapters/sqlite/alert-index.ts'
import { openSqliteIntakeStore } from '#adapters/sqlite/intake-store.ts'
import { openSqliteRecordIndex } from '#adapters/sqlite/record-index.ts'
import type { ViewOptions } from '#adapters/sqlite/view-database.ts'
import type { AccessAction, AccessOutcome } from '#core/access-record.ts'
import { isAgencyId } from '#core/agency.ts'
import type { AlertName } from '#core/alert.ts'
import { CLASSIFICATIONS } from '#core/classification.ts'
import { ALL_JURISDICTIONS } from '#core/jurisdiction.ts'
import { KINDS } from '#core/kind.ts'
import type { Label } from '#core/label.ts'
import type { AlertIndex, FeedFilter, NewAlert } from '#core/ports/alert-index.ts'
import type { IntakeRow } from '#core/ports/intake-store.ts'
import type { RecordIndex, RecordQuery, RecordRow } from '#core/ports/record-index.ts'
import { PRECEDENCES } from '#core/precedence.ts'
import { principalId } from '#core/principal.ts'
import { alertTopic, alertTopics, intakeTopic } from '#core/topics.ts'
import { uuidFromBytes } from '#core/uuid.ts'

const ALERTS = 100_000
const RECORDS = 1_000_000
const START_MS = 1_760_000_000_000

const AGENCIES = [
  ...['ctd-kp', 'ctd-punjab', 'ctd-sindh', 'ctd-balochistan', 'ctd-ict', 'ctd-gb', 'ctd-ajk'],
  ...['nacta', 'fia', 'fmu', 'anf', 'asf', 'customs', 'immigration', 'nadra', 'ib'],
].filter(isAgencyId)

/** The same numbers each time, spread evenly from 0 to 1 (a linear congruential generator). */
const chances = (): (() => number) => {
  let seed = 1
  return () => {
    seed = (seed * 1_664_525 + 1_013_904_223) % 2 ** 32
    return seed / 2 ** 32
  }
}
const chance = chances()

const pick = <T>(values: readonly T[]): T => {
  const value = values[Math.floor(chance() * values.length)]
  if (value === undefined) throw new RangeError('nothing to pick from')
  return value
}

const alertName = (number: number): AlertName => {
  const id = new Uint8Array(16)
  // Spread as random UUIDs are.
  new DataView(id.buffer).setUint32(0, Math.imul(number + 1, 0x9e3779b1))
  new DataView(id.buffer).setUint32(8, number)
  const origin = AGENCIES[number % AGENCIES.length]
  if (origin === undefined) throw new RangeError('no agency')
  return { origin, id: uuidFromBytes(id) }
}

const openFresh = <View>(
  parent: string,
  open: (options: ViewOptions) => View,
): { readonly view: View; readonly path: string; readonly reopen: () => View } => {
  const folder = mkdtempSync(join(parent, 'rabta-bench-'))
  const path = join(folder, 'view.db')
  const openAt = () => open({ path, onReset: (why) => say('reset', why) })
  return { view: openAt(), path, reopen: openAt }
}

const say = (name: string, text: string): void => {
  process.stdout.write(`${name.padEnd(58)} ${text}\n`)
}

/** Puts the question for about half a second. */
const ask = (name: string, question: () => unknown): void => {
  const tookMs: number[] = []
  for (
    const endMs = performance.now() + 500;
    performance.now() < endMs && tookMs.length < 20_000;
  ) {
    const beforeMs = performance.now()
    question()
    tookMs.push(performance.now() - beforeMs)
  }
  tookMs.sort((a, b) => a - b)
  const quantile = (q: number) => (tookMs[Math.floor(tookMs.length * q)] ?? 0).toFixed(4)
  say(name, `p50 ${quantile(0.5)} ms  p99 ${quantile(0.99)} ms  (${tookMs.length} times)`)
}

/** Applies `count` rows, `batch` at a time; making the rows is not measured. */
const fill = <Row>(
  name: string,
  count: number,
  batch: number,
  parts: { readonly row: (number: number) => Row; readonly apply: (rows: readonly Row[]) => void },
): void => {
  let tookMs = 0
  for (let done = 0; done < count; done += batch) {
    const rows = Array.from({ length: batch }, (_, place) => parts.row(done + place))
    const beforeMs = performance.now()
    parts.apply(rows)
    tookMs += performance.now() - beforeMs
  }
  say(`${name}: apply, ${batch} at a time`, `${((count / tookMs) * 1_000).toFixed(0)} rows/s`)
}

const sizeOf = (name: string, path: string, rows: number): void =>
  say(`${name}: file`, `${(statSync(path).size / rows).toFixed(0)} bytes a row`)

const timeOf = <T>(name: string, act: () => T): T => {
  const beforeMs = performance.now()
  const result = act()
  say(name, `${(performance.now() - beforeMs).toFixed(1)} ms`)
  return result
}

const benchIntake = (parent: string): void => {
  const { view, path, reopen } = openFresh(parent, openSqliteIntakeStore)
  const topic = intakeTopic('live', 'PK-KP')
  const digest = new Uint8Array(32)
  const row = (number: number): IntakeRow => ({
    ...alertName(number),
    realm: 'live',
    offset: number,
    digest,
    publishRecordIndex: number,
    acceptedAtMs: START_MS + number,
    fate: null,
  })
  let next = 0
  const apply = (rows: readonly IntakeRow[]): void => {
    next += rows.length
    view.apply(topic, rows, next)
  }
  fill('intake store', ALERTS - 5_000, 500, { row, apply })
  fill('intake store', 5_000, 1, { row: () => row(next), apply })
  ask('intake store: find', () => view.find('live', alertName(Math.floor(chance() * ALERTS))))
  ask('intake store: find what is not there', () => view.find('live', alertName(ALERTS + 7)))
  const fate = { state: 'routed', topics: [alertTopic('live', 'PK-KP', 'SECRET')] } as const
  ask('intake store: set a fate', () =>
    view.setFate('live', alertName(Math.floor(chance() * ALERTS)), fate),
  )
  view.close()
  sizeOf('intake store', path, ALERTS)
  timeOf('intake store: open', reopen).close()
}

/** `variants` for each topic: who else the alert is released to makes another label. */
const labelFor = (jurisdiction: number, level: number, variant: number): Label => {
  const [home, classification] = [ALL_JURISDICTIONS[jurisdiction], CLASSIFICATIONS[level]]
  if (home === undefined || classification === undefined) throw new RangeError('no such label')
  const named = AGENCIES.filter((_, place) => (variant >> (place % 4)) & 1).toSorted()
  const releasableTo = named.length === 0 ? null : named
  return { classification, jurisdictions: [home], releasableTo, caveats: [] }
}

const ANY: FeedFilter = {
  jurisdictions: null,
  classifications: null,
  precedences: null,
  kinds: null,
  origins: null,
}

const FRAME = new Uint8Array(1_600).fill(0x5a)
const DIGEST = new Uint8Array(32)

const alertRow = (number: number, place: number, offset: number): NewAlert => ({
  ...alertName(number),
  realm: 'live',
  offset,
  digest: DIGEST,
  label: labelFor(
    Math.floor(place / CLASSIFICATIONS.length),
    place % CLASSIFICATIONS.length,
    number % 13,
  ),
  kind: pick(KINDS),
  precedence: pick(PRECEDENCES),
  acceptedAtMs: START_MS + number,
  expiresAtMs: number % 10 === 0 ? START_MS : null,
  frame: FRAME,
})

const fillAlerts = (view: AlertIndex): void => {
  const topics = alertTopics('live')
  let tookMs = 0
  const batch = 100
  for (let done = 0; done < ALERTS; done += batch) {
    const place = (done / batch) % topics.length
    const topic = topics[place] ?? ''
    const first = view.nextOffset(topic)
    // Interleaved in time with the other topics' alerts.
    const round = Math.floor(done / batch / topics.length)
    const alerts = Array.from({ length: batch }, (_, n) =>
      alertRow((round * batch + n) * topics.length + place, place, first + n),
    )
    const beforeMs = performance.now()
    view.apply(topic, alerts, first + batch)
    tookMs += performance.now() - beforeMs
  }
  say(`alert index: apply, ${batch} at a time`, `${((ALERTS / tookMs) * 1_000).toFixed(0)} rows/s`)
}

const benchAlerts = (parent: string): void => {
  const { view, path, reopen } = openFresh(parent, openSqliteAlertIndex)
  fillAlerts(view)
  const topics = alertTopics('live')
  const all = view.labels('live').map(({ id }) => id)
  say('alert index: labels', `${all.length}`)
  const earliest = new Map(topics.map((topic) => [topic, 0]))
  const middle = new Map(topics.map((topic) => [topic, view.nextOffset(topic) >> 1]))
  const newest = new Map(topics.map((topic) => [topic, view.nextOffset(topic) - 1]))
  const end = new Map(topics.map((topic) => [topic, view.nextOffset(topic)]))
  const page = (labelIds: readonly number[], from: ReadonlyMap<string, number>, filter = ANY) =>
    view.page({ realm: 'live', from, labelIds, filter, nowMs: START_MS, limit: 500 })
  const few = all.filter((_, place) => place % 97 === 3)
  ask('alert index: page of 500, all allowed, from the start', () => page(all, earliest))
  ask('alert index: page of 500, all allowed, from the middle', () => page(all, middle))
  ask('alert index: page of 500, 1 label in 97 allowed', () => page(few, earliest))
  ask('alert index: page, 1 label in 97, filter that fits none', () =>
    page(few, earliest, { ...ANY, kinds: [] }),
  )
  ask('alert index: page, all allowed, filter that fits none', () =>
    page(all, earliest, { ...ANY, kinds: [] }),
  )
  ask('alert index: page, none allowed', () => page([], earliest))
  ask('alert index: page of 40 (1 new in each topic)', () => page(all, newest))
  ask('alert index: page, nothing new', () => page(all, end))
  ask('alert index: find', () => view.find('live', alertName(Math.floor(chance() * ALERTS))))
  ask('alert index: labels', () => view.labels('live'))
  view.close()
  sizeOf('alert index', path, ALERTS)
  timeOf('alert index: open', reopen).close()
}

const PRINCIPALS = 2_000
const ACTIONS: readonly AccessAction[] = [
  ...Array<AccessAction>(70).fill('RELEASE'),
  ...Array<AccessAction>(15).fill('READ'),
  ...Array<AccessAction>(5).fill('SEARCH'),
  ...Array<AccessAction>(5).fill('TOKEN'),
  ...(['PUBLISH', 'PROOF', 'PREVIEW', 'ACKNOWLEDGE', 'ACKNOWLEDGE'] as const),
]

const WITHOUT_ALERT: readonly AccessAction[] = ['SEARCH', 'TOKEN', 'PREVIEW', 'EXPORT']

/** Alerts are read by many within a short time; one record in 50,000 is an export. */
const recordRow = (index: number): RecordRow => {
  const agency = pick(AGENCIES)
  const name = `officer-${Math.floor(chance() * (PRINCIPALS / AGENCIES.length))}`
  const action = index % 50_000 === 1_234 ? 'EXPORT' : pick(ACTIONS)
  const outcome: AccessOutcome = chance() < 0.02 ? 'DENIED' : 'ALLOWED'
  const alert = Math.max(0, Math.floor(index / 60) - Math.floor(chance() * 200))
  return {
    index,
    record: {
      timeMs: START_MS + index * 10 + Math.floor(chance() * 2_000),
      realm: chance() < 0.05 ? 'exercise' : 'live',
      principal: principalId(agency, name),
      agency,
      action,
      outcome,
      alert: WITHOUT_ALERT.includes(action) ? null : alertName(alert),
    },
  }
}

const ANYTHING: RecordQuery = {
  visibleTo: null,
  realm: null,
  principal: null,
  agency: null,
  alert: null,
  action: null,
  outcome: null,
  fromMs: null,
  toMs: null,
  before: Number.MAX_SAFE_INTEGER,
  limit: 100,
}

const benchRecords = (parent: string): void => {
  const { view, path, reopen } = openFresh(parent, openSqliteRecordIndex)
  fill('record index', RECORDS - 20_000, 1_000, {
    row: recordRow,
    apply: (rows) => view.apply(rows),
  })
  const next = view.nextIndex()
  fill('record index', 20_000, 1, {
    row: (number) => recordRow(next + number),
    apply: (rows) => view.apply(rows),
  })
  askRecords(view)
  view.close()
  sizeOf('record index', path, RECORDS)
  timeOf('record index: open', reopen).close()
}

const askRecords = (view: RecordIndex): void => {
  const search = (name: string, query: () => Partial<RecordQuery>): void =>
    ask(`record index: ${name}`, () => view.search({ ...ANYTHING, ...query() }))
  const deep = () => Math.floor(chance() * RECORDS)
  const anAlert = () => alertName(Math.floor(chance() * (RECORDS / 60)))
  const someone = () => principalId(pick(AGENCIES), `officer-${Math.floor(chance() * 100)}`)
  const inMarch = () => {
    const fromMs = START_MS + deep() * 10
    return { fromMs, toMs: fromMs + 600_000 }
  }
  search('everything', () => ({ before: deep() }))
  search('one realm', () => ({ realm: 'exercise', before: deep() }))
  search('all exports', () => ({ action: 'EXPORT' }))
  search('all refusals', () => ({ outcome: 'DENIED', before: deep() }))
  search('visible to an agency', () => ({ visibleTo: pick(AGENCIES), before: deep() }))
  search('… its exports', () => ({ visibleTo: pick(AGENCIES), action: 'EXPORT' }))
  search('… in 10 minutes', () => ({ visibleTo: pick(AGENCIES), ...inMarch() }))
  search('… by another agency', () => ({ visibleTo: pick(AGENCIES), agency: pick(AGENCIES) }))
  search('by an agency', () => ({ agency: pick(AGENCIES), before: deep() }))
  search('by a principal', () => ({ principal: someone(), before: deep() }))
  search('… refusals', () => ({ principal: someone(), outcome: 'DENIED' }))
  search('about an alert', () => ({ alert: anAlert() }))
  search('… visible to an agency, reads', () => {
    const alert = anAlert()
    return { alert, visibleTo: alert.origin, action: 'READ' }
  })
}

const main = (parent: string): void => {
  const folder = mkdtempSync(join(parent, 'rabta-bench-views-'))
  try {
    benchIntake(folder)
    benchAlerts(folder)
    benchRecords(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

main(process.argv[2] ?? tmpdir())
