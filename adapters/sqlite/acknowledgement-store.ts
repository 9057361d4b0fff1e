import type { DatabaseSync } from 'node:sqlite'
import { textIn } from '#adapters/sqlite/row.ts'
import { openView, type ViewDatabase, type ViewOptions } from '#adapters/sqlite/view-database.ts'
import { TOPICS_SQL, ViewTopics } from '#adapters/sqlite/view-topics.ts'
import { type AgencyId, isAgencyId } from '#core/agency.ts'
import { LIMITS } from '#core/limits.ts'
import type {
  AcknowledgedAlert,
  Acknowledgement,
  AcknowledgementStore,
} from '#core/ports/acknowledgement-store.ts'
import { uuidBytes } from '#core/uuid.ts'

/** Throws `ViewInUse`, `ForeignDatabase`. */
export const openSqliteAcknowledgementStore = (options: ViewOptions): AcknowledgementStore =>
  new SqliteAcknowledgementStore(
    openView(options, {
      applicationId: 0x52_41_63_6b, // `RAck`
      number: 1,
      sql: TOPICS_SQL + ACKNOWLEDGEMENTS_SQL,
      cacheKiB: 4_096,
      // The topic has a record of each release: one commit a second is enough for what is passed.
      uncommittedMsMax: LIMITS.recordsUncommittedMsMax,
      load: stateOf,
    }),
  )

/** One row for each agency and alert, whoever and how many of its principals acknowledged. */
const ACKNOWLEDGEMENTS_SQL = `
  CREATE TABLE acknowledgements (
    realm TEXT NOT NULL, origin TEXT NOT NULL, id BLOB NOT NULL, digest BLOB NOT NULL,
    agency TEXT NOT NULL,
    PRIMARY KEY (realm, origin, id, digest, agency)
  ) WITHOUT ROWID, STRICT;
`

type State = ReturnType<typeof stateOf>

const OF_ALERT = 'realm = ? AND origin = ? AND id = ? AND digest = ?'

const stateOf = (db: DatabaseSync) => ({
  topics: new ViewTopics(db),
  insert: db.prepare('INSERT OR IGNORE INTO acknowledgements VALUES (?, ?, ?, ?, ?)'),
  agencies: db.prepare(`SELECT agency FROM acknowledgements WHERE ${OF_ALERT} ORDER BY agency`),
  has: db.prepare(`SELECT 1 FROM acknowledgements WHERE ${OF_ALERT} AND agency = ?`),
})

class SqliteAcknowledgementStore implements AcknowledgementStore {
  readonly #view: ViewDatabase<State>

  constructor(view: ViewDatabase<State>) {
    this.#view = view
  }

  nextOffset(topic: string): number {
    return this.#view.state.topics.nextOffset(topic)
  }

  apply(topic: string, rows: readonly Acknowledgement[], nextOffset: number): void {
    const offsets = rows.map(({ offset }) => offset)
    this.#view.write(
      ({ topics, insert }) => {
        topics.advance(topic, offsets, nextOffset)
        for (const row of rows) insert.run(...columnsOf(row), row.agency)
      },
      CALL_BYTES + rows.length * ROW_BYTES,
    )
  }

  agenciesOf(alert: AcknowledgedAlert): readonly AgencyId[] {
    const rows = this.#view.state.agencies.all(...columnsOf(alert))
    return rows.map((row) => textIn(row, 'agency')).filter(isAgencyId)
  }

  has(alert: AcknowledgedAlert, agency: AgencyId): boolean {
    return this.#view.state.has.get(...columnsOf(alert), agency) !== undefined
  }

  close(): void {
    this.#view.close()
  }
}

/** About what a call and each of its rows hold in memory. */
const CALL_BYTES = 128
const ROW_BYTES = 256

const columnsOf = ({ realm, origin, id, digest }: AcknowledgedAlert) =>
  [realm, origin, uuidBytes(id), digest] as const
