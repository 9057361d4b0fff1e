import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteAlertIndex } from '#adapters/sqlite/alert-index.ts'
import { openSqliteIntakeStore } from '#adapters/sqlite/intake-store.ts'
import { openSqliteRecordIndex } from '#adapters/sqlite/record-index.ts'
import type { ViewOptions } from '#adapters/sqlite/view-database.ts'
import { Findings } from '#bench/findings.ts'
import type { Part } from '#bench/measure.ts'
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
  const openAt = () => open({ path, onReset: isNeverReset })
  return { view: openAt(), path, reopen: openAt }
}

const isNeverReset = (why: string): void => {
  throw new Error(`a view was reset: ${why}`)
}

const benchIntake = (findings: Findings): void => {
  const { view, path, reopen } = openFresh(findings.parent, openSqliteIntakeStore)
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
  findings.fill('intake store', { count: ALERTS - 5_000, batch: 500 }, { row, apply })
  findings.fill('intake store', { count: 5_000, batch: 1 }, { row: () => row(next), apply })
  findings.ask('intake store: find', () =>
    view.find('live', alertName(Math.floor(chance() * ALERTS))),
  )
  findings.ask('intake store: find what is not there', () =>
    view.find('live', alertName(ALERTS + 7)),
  )
  const fate = { state: 'routed', topics: [alertTopic('live', 'PK-KP', 'SECRET')] } as const
  findings.ask('intake store: set a fate', () =>
    view.setFate('live', alertName(Math.floor(chance() * ALERTS)), fate),
  )
  view.close()
  findings.size('intake store', path, ALERTS)
  findings.time('intake store: open', reopen).close()
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
  marks: [],
})

const ALERTS_AT_A_TIME = 100

const fillAlerts = (findings: Findings, view: AlertIndex): void => {
  const topics = alertTopics('live')
  // Topics in turn, so that their alerts are interleaved in time.
  const placeOf = (batch: number): number => batch % topics.length
  let batch = 0
  const row = (number: number): NewAlert => {
    const place = placeOf(Math.floor(number / ALERTS_AT_A_TIME))
    const first = view.nextOffset(topics[place] ?? '')
    const inBatch = number % ALERTS_AT_A_TIME
    return alertRow((first + inBatch) * topics.length + place, place, first + inBatch)
  }
  const apply = (alerts: readonly NewAlert[]): void => {
    const topic = topics[placeOf(batch)] ?? ''
    batch += 1
    view.apply(topic, alerts, view.nextOffset(topic) + alerts.length)
  }
  findings.fill('alert index', { count: ALERTS, batch: ALERTS_AT_A_TIME }, { row, apply })
}

const benchAlerts = (findings: Findings): void => {
  const { view, path, reopen } = openFresh(findings.parent, openSqliteAlertIndex)
  fillAlerts(findings, view)
  const topics = alertTopics('live')
  const all = view.labels('live').map(({ id }) => id)
  findings.notes.push(`alert index: ${all.length} labels`)
  const earliest = new Map(topics.map((topic) => [topic, 0]))
  const middle = new Map(topics.map((topic) => [topic, view.nextOffset(topic) >> 1]))
  const newest = new Map(topics.map((topic) => [topic, view.nextOffset(topic) - 1]))
  const end = new Map(topics.map((topic) => [topic, view.nextOffset(topic)]))
  const page = (labelIds: readonly number[], from: ReadonlyMap<string, number>, filter = ANY) =>
    view.page({ realm: 'live', from, labelIds, filter, nowMs: START_MS, limit: 500 })
  const few = all.filter((_, place) => place % 97 === 3)
  findings.ask('alert index: page of 500, all allowed, from the start', () => page(all, earliest))
  findings.ask('alert index: page of 500, all allowed, from the middle', () => page(all, middle))
  findings.ask('alert index: page of 500, 1 label in 97 allowed', () => page(few, earliest))
  findings.ask('alert index: page, 1 label in 97, filter that fits none', () =>
    page(few, earliest, { ...ANY, kinds: [] }),
  )
  findings.ask('alert index: page, all allowed, filter that fits none', () =>
    page(all, earliest, { ...ANY, kinds: [] }),
  )
  findings.ask('alert index: page, none allowed', () => page([], earliest))
  findings.ask('alert index: page of 40 (1 new in each topic)', () => page(all, newest))
  findings.ask('alert index: page, nothing new', () => page(all, end))
  findings.ask('alert index: find', () =>
    view.find('live', alertName(Math.floor(chance() * ALERTS))),
  )
  findings.ask('alert index: labels', () => view.labels('live'))
  view.close()
  findings.size('alert index', path, ALERTS)
  findings.time('alert index: open', reopen).close()
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

const benchRecords = (findings: Findings): void => {
  const { view, path, reopen } = openFresh(findings.parent, openSqliteRecordIndex)
  const apply = (rows: readonly RecordRow[]): void => view.apply(rows)
  const [first, count] = [RECORDS - 20_000, 20_000]
  findings.fill('record index', { count: first, batch: 1_000 }, { row: recordRow, apply })
  const row = (number: number): RecordRow => recordRow(first + number)
  findings.fill('record index', { count, batch: 1 }, { row, apply })
  askRecords(findings, view)
  view.close()
  findings.size('record index', path, RECORDS)
  findings.time('record index: open', reopen).close()
}

const askRecords = (findings: Findings, view: RecordIndex): void => {
  const search = (name: string, query: () => Partial<RecordQuery>): void =>
    findings.ask(`record index: ${name}`, () => view.search({ ...ANYTHING, ...query() }))
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

/**
 * What the embedded views take: 100,000 alerts, a million access records; every question is put
 * many times over.
 */
export const benchViews = async (): Promise<Part> => {
  const folder = mkdtempSync(join(tmpdir(), 'rabta-bench-views-'))
  const findings = new Findings(folder)
  try {
    benchIntake(findings)
    benchAlerts(findings)
    benchRecords(findings)
  } finally {
    rmSync(folder, { recursive: true })
  }
  return { name: 'views', rows: findings.rows, checks: [], notes: findings.notes }
}
