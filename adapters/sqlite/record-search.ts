import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { LazyMerge } from '#adapters/sqlite/lazy-merge.ts'
import type { NameIds } from '#adapters/sqlite/name-ids.ts'
import type { RecordFacets } from '#adapters/sqlite/record-facets.ts'
import type { RecordTimes } from '#adapters/sqlite/record-times.ts'
import { integerIn, type Row } from '#adapters/sqlite/row.ts'
import type { ViewTopics } from '#adapters/sqlite/view-topics.ts'
import type { RecordQuery } from '#core/ports/record-index.ts'
import { ACCESS_TOPIC } from '#core/topics.ts'
import { uuidBytes } from '#core/uuid.ts'

interface SearchState {
  readonly topics: ViewTopics
  readonly names: NameIds
  readonly facets: RecordFacets
  readonly times: RecordTimes
  readonly statements: SearchStatements
}

/**
 * Looks in the table of the most telling thing that the query names: an alert has few records, a
 * principal more, an agency many. What is left of the query filters that table's rows.
 */
export const search = (state: SearchState, query: RecordQuery): readonly number[] => {
  if (isUnfiltered(query)) {
    return countDown(Math.min(query.before, state.topics.nextOffset(ACCESS_TOPIC)), query.limit)
  }
  const facets = state.facets.matching(query)
  const wanted = wantedOf(state, query, facets)
  if (wanted === null) return []
  const { byAlert, byPrincipal } = state.statements
  if (query.alert !== null) return byAlert.all(wanted).map(leafOf)
  if (query.principal !== null) return byPrincipal.all(wanted).map(leafOf)
  return mergeFacets(state, wanted, facets)
}

/** Every leaf matches, also the unreadable ones, which no table has. */
const isUnfiltered = ({ before, limit, ...filter }: RecordQuery): boolean =>
  Object.values(filter).every((value) => value === null)

const countDown = (before: number, limit: number): readonly number[] =>
  Array.from({ length: Math.min(limit, before) }, (_, place) => before - 1 - place)

/** A query in the words of the tables: the parameters of the statements. */
type Wanted = {
  readonly visibleTo: number | null
  readonly agency: number | null
  readonly principal: number | null
  readonly origin: number | null
  readonly alert: Uint8Array | null
  readonly facets: string
  readonly least: number
  readonly below: number
  readonly fromMs: number
  readonly toMs: number
  readonly limit: number
}

/** Null when there is a name in the query that no record has. */
const wantedOf = (
  { names, times }: SearchState,
  query: RecordQuery,
  facets: readonly number[],
): Wanted | null => {
  const { visibleTo, agency, principal, alert, fromMs, toMs } = query
  const texts = [visibleTo, agency, principal, alert?.origin ?? null]
  const ids = texts.map((text) => (text === null ? null : names.find(text)))
  if (texts.some((text, place) => text !== null && ids[place] === null)) return null
  const range = times.rangeOf(fromMs, toMs)
  return {
    visibleTo: ids[0] ?? null,
    agency: ids[1] ?? null,
    principal: ids[2] ?? null,
    origin: ids[3] ?? null,
    alert: alert === null ? null : uuidBytes(alert.id),
    facets: JSON.stringify(facets),
    least: range.least,
    below: Math.min(query.before, range.below),
    fromMs: fromMs ?? Number.MIN_SAFE_INTEGER,
    toMs: toMs ?? Number.MAX_SAFE_INTEGER,
    limit: query.limit,
  }
}

type FacetTable = keyof typeof FACET_TABLES

interface Run {
  readonly table: FacetTable
  /** Whose rows. */
  readonly party: number | null
  /** The other party that they must name; null: any. */
  readonly other: number | null
}

/** The runs of rows that hold, facet by facet, every record wanted, and none of them twice. */
const runsFor = ({ visibleTo, agency }: Wanted): readonly Run[] => {
  if (visibleTo === null && agency === null)
    return [{ table: 'by_facet', party: null, other: null }]
  if (visibleTo === null || visibleTo === agency) {
    return [{ table: 'by_agency', party: agency, other: null }]
  }
  if (agency !== null) return [{ table: 'by_origin', party: visibleTo, other: agency }]
  return [
    { table: 'by_agency', party: visibleTo, other: null },
    { table: 'by_origin', party: visibleTo, other: null },
  ]
}

const mergeFacets = (
  { statements }: SearchState,
  wanted: Wanted,
  facets: readonly number[],
): readonly number[] => {
  const merge = new LazyMerge<Row>((row) => -leafOf(row))
  try {
    for (const { table, party, other } of runsFor(wanted)) {
      for (const facet of facets) {
        const statement = statements.forFacet(table, facet)
        merge.add(`${table} ${facet}`, statement.iterate({ ...wanted, facet, party, other }))
      }
    }
    const leaves: number[] = []
    while (leaves.length < wanted.limit) {
      const row = merge.take()
      if (row === null) break
      leaves.push(leafOf(row))
    }
    return leaves
  } finally {
    merge.close()
  }
}

const leafOf = (row: Row): number => integerIn(row, 'leaf')

export interface SearchStatements {
  readonly byAlert: StatementSync
  readonly byPrincipal: StatementSync
  /** One for each table and facet: a statement cannot be iterated twice at a time. */
  forFacet(table: FacetTable, facet: number): StatementSync
}

export const prepareSearch = (db: DatabaseSync): SearchStatements => {
  const ofFacets = new Map<string, StatementSync>()
  return {
    byAlert: prepared(db, BY_ALERT_SQL),
    byPrincipal: prepared(db, BY_PRINCIPAL_SQL),
    forFacet: (table, facet) => {
      const key = `${table} ${facet}`
      const statement = ofFacets.get(key) ?? prepared(db, FACET_TABLES[table])
      ofFacets.set(key, statement)
      return statement
    },
  }
}

const prepared = (db: DatabaseSync, sql: string): StatementSync => {
  const statement = db.prepare(sql)
  statement.setAllowUnknownNamedParameters(true)
  return statement
}

const IN_RANGE_SQL = `
  leaf < $below AND leaf >= $least AND time_ms >= $fromMs AND time_ms < $toMs
  ORDER BY leaf DESC LIMIT $limit
`

const FACET_TABLES = {
  by_facet: `SELECT leaf FROM by_facet WHERE facet = $facet AND ${IN_RANGE_SQL}`,
  by_agency: `
    SELECT leaf FROM by_agency WHERE agency = $party AND facet = $facet
      AND ($other IS NULL OR origin = $other) AND ${IN_RANGE_SQL}
  `,
  by_origin: `
    SELECT leaf FROM by_origin WHERE origin = $party AND facet = $facet
      AND ($other IS NULL OR agency = $other) AND ${IN_RANGE_SQL}
  `,
} as const

const COMMON_SQL = `
  facet IN (SELECT value FROM json_each($facets))
  AND ($agency IS NULL OR agency = $agency)
  AND ($visibleTo IS NULL OR agency = $visibleTo OR origin = $visibleTo)
  AND ${IN_RANGE_SQL}
`

const BY_PRINCIPAL_SQL = `
  SELECT leaf FROM by_principal WHERE principal = $principal AND ${COMMON_SQL}
`

const BY_ALERT_SQL = `
  SELECT leaf FROM by_alert WHERE alert = $alert AND origin = $origin
    AND ($principal IS NULL OR principal = $principal) AND ${COMMON_SQL}
`
