import type { DatabaseSync } from 'node:sqlite'
import { NAMES_SQL, NameIds } from '#adapters/sqlite/name-ids.ts'
import { FACETS_SQL, RecordFacets } from '#adapters/sqlite/record-facets.ts'
import { prepareSearch, search } from '#adapters/sqlite/record-search.ts'
import { RecordTimes, TIMES_SQL } from '#adapters/sqlite/record-times.ts'
import { openView, type ViewDatabase, type ViewOptions } from '#adapters/sqlite/view-database.ts'
import { TOPICS_SQL, ViewTopics } from '#adapters/sqlite/view-topics.ts'
import { LIMITS } from '#core/limits.ts'
import type { RecordIndex, RecordQuery, RecordRow } from '#core/ports/record-index.ts'
import { ACCESS_TOPIC } from '#core/topics.ts'
import { uuidBytes } from '#core/uuid.ts'

/** Throws `ViewInUse`, `ForeignDatabase`. */
export const openSqliteRecordIndex = (options: ViewOptions): RecordIndex =>
  new SqliteRecordIndex(
    openView(options, {
      applicationId: 0x52_52_65_63, // `RRec`
      number: 1,
      sql: TOPICS_SQL + NAMES_SQL + FACETS_SQL + TIMES_SQL + RECORDS_SQL,
      cacheKiB: 65_536,
      uncommittedMsMax: LIMITS.recordsUncommittedMsMax,
      load: stateOf,
    }),
  )

/**
 * A record lies in one table for each thing it can be searched by, with all that the search filters
 * by beside it. In the tables that grow fastest the facet is part of the key, so that a rare action
 * is found among many common ones. `by_origin` leaves out what `by_agency` has under the same name.
 */
const RECORDS_SQL = `
  CREATE TABLE by_facet (
    facet INTEGER NOT NULL, leaf INTEGER NOT NULL, time_ms INTEGER NOT NULL,
    PRIMARY KEY (facet, leaf)
  ) WITHOUT ROWID, STRICT;
  CREATE TABLE by_agency (
    agency INTEGER NOT NULL, facet INTEGER NOT NULL, leaf INTEGER NOT NULL,
    origin INTEGER, time_ms INTEGER NOT NULL,
    PRIMARY KEY (agency, facet, leaf)
  ) WITHOUT ROWID, STRICT;
  CREATE TABLE by_origin (
    origin INTEGER NOT NULL, facet INTEGER NOT NULL, leaf INTEGER NOT NULL,
    agency INTEGER, time_ms INTEGER NOT NULL,
    PRIMARY KEY (origin, facet, leaf)
  ) WITHOUT ROWID, STRICT;
  CREATE TABLE by_principal (
    principal INTEGER NOT NULL, leaf INTEGER NOT NULL,
    facet INTEGER NOT NULL, agency INTEGER, origin INTEGER, time_ms INTEGER NOT NULL,
    PRIMARY KEY (principal, leaf)
  ) WITHOUT ROWID, STRICT;
  CREATE TABLE by_alert (
    alert BLOB NOT NULL, leaf INTEGER NOT NULL,
    facet INTEGER NOT NULL, agency INTEGER, origin INTEGER NOT NULL, principal INTEGER,
    time_ms INTEGER NOT NULL,
    PRIMARY KEY (alert, leaf)
  ) WITHOUT ROWID, STRICT;
`

/**
 * About what a row holds in memory until it is committed. A row touches pages all over its tables,
 * and rows that are committed together share them: some ten thousand fit into a transaction.
 */
const ROW_BYTES = 256

type State = ReturnType<typeof stateOf>

const stateOf = (db: DatabaseSync) => ({
  topics: new ViewTopics(db),
  names: new NameIds(db),
  facets: new RecordFacets(db),
  times: new RecordTimes(db),
  statements: prepareSearch(db),
  byFacet: db.prepare('INSERT INTO by_facet VALUES (?, ?, ?)'),
  byAgency: db.prepare('INSERT INTO by_agency VALUES (?, ?, ?, ?, ?)'),
  byOrigin: db.prepare('INSERT INTO by_origin VALUES (?, ?, ?, ?, ?)'),
  byPrincipal: db.prepare('INSERT INTO by_principal VALUES (?, ?, ?, ?, ?, ?)'),
  byAlert: db.prepare('INSERT INTO by_alert VALUES (?, ?, ?, ?, ?, ?, ?)'),
})

class SqliteRecordIndex implements RecordIndex {
  readonly #view: ViewDatabase<State>

  constructor(view: ViewDatabase<State>) {
    this.#view = view
  }

  nextIndex(): number {
    return nextIndexIn(this.#view.state)
  }

  apply(rows: readonly RecordRow[]): void {
    const next = this.nextIndex()
    if (rows.some(({ index }, place) => index !== next + place)) {
      throw new RangeError(`these are not the leaves from ${next} on`)
    }
    this.#view.write((state) => insertRows(state, rows), rows.length * ROW_BYTES)
  }

  search(query: RecordQuery): readonly number[] {
    return search(this.#view.state, query)
  }

  close(): void {
    this.#view.close()
  }
}

const nextIndexIn = ({ topics }: State): number => topics.nextOffset(ACCESS_TOPIC)

const insertRows = (state: State, rows: readonly RecordRow[]): void => {
  for (const row of rows) insertRow(state, row)
  state.times.save()
  state.topics.advance(ACCESS_TOPIC, [], nextIndexIn(state) + rows.length)
}

/** An unreadable leaf matches no filter, so that it needs no row. */
const insertRow = (state: State, { index, record }: RecordRow): void => {
  if (record === null) return
  const { timeMs, alert } = record
  const facet = state.facets.idFor(record)
  const agency = idOrNull(state, record.agency)
  const principal = idOrNull(state, record.principal)
  const origin = idOrNull(state, alert?.origin ?? null)
  state.times.add(index, timeMs)
  state.byFacet.run(facet, index, timeMs)
  if (agency !== null) state.byAgency.run(agency, facet, index, origin, timeMs)
  if (origin !== null && origin !== agency) {
    state.byOrigin.run(origin, facet, index, agency, timeMs)
  }
  if (principal !== null) {
    state.byPrincipal.run(principal, index, facet, agency, origin, timeMs)
  }
  if (alert !== null) {
    state.byAlert.run(uuidBytes(alert.id), index, facet, agency, origin, principal, timeMs)
  }
}

const idOrNull = ({ names }: State, name: string | null): number | null =>
  name === null ? null : names.idFor(name)
