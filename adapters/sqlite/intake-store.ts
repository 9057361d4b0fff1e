import type { DatabaseSync } from 'node:sqlite'
import { bytesIn, integerIn, type Row, textIn, textOrNullIn } from '#adapters/sqlite/row.ts'
import { openView, type ViewDatabase, type ViewOptions } from '#adapters/sqlite/view-database.ts'
import { TOPICS_SQL, ViewTopics } from '#adapters/sqlite/view-topics.ts'
import type { AlertName } from '#core/alert.ts'
import { LIMITS } from '#core/limits.ts'
import type { IntakeFate, IntakeRow, IntakeStore } from '#core/ports/intake-store.ts'
import type { Realm } from '#core/realm.ts'
import { uuidBytes } from '#core/uuid.ts'

/** Throws `ViewInUse`, `ForeignDatabase`. */
export const openSqliteIntakeStore = (options: ViewOptions): IntakeStore =>
  new SqliteIntakeStore(
    openView(options, {
      applicationId: 0x52_49_6e_74, // `RInt`
      number: 1,
      sql: TOPICS_SQL + INTAKE_SQL,
      cacheKiB: 16_384,
      uncommittedMsMax: LIMITS.viewUncommittedMsMax,
      load: stateOf,
    }),
  )

/** `fate_detail`: the topics, with spaces between, or why it is a dead letter. */
const INTAKE_SQL = `
  CREATE TABLE intake (
    realm TEXT NOT NULL, origin TEXT NOT NULL, id BLOB NOT NULL,
    offset INTEGER NOT NULL, digest BLOB NOT NULL,
    publish_record_index INTEGER NOT NULL, accepted_at_ms INTEGER NOT NULL,
    fate TEXT, fate_detail TEXT,
    PRIMARY KEY (realm, origin, id)
  ) WITHOUT ROWID, STRICT;
`

type State = ReturnType<typeof stateOf>

const stateOf = (db: DatabaseSync) => ({
  topics: new ViewTopics(db),
  find: db.prepare('SELECT * FROM intake WHERE realm = ? AND origin = ? AND id = ?'),
  insert: db.prepare(`
    INSERT INTO intake VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (realm, origin, id) DO NOTHING
  `),
  setFate: db.prepare(`
    UPDATE intake SET fate = ?, fate_detail = ? WHERE realm = ? AND origin = ? AND id = ?
  `),
})

class SqliteIntakeStore implements IntakeStore {
  readonly #view: ViewDatabase<State>

  constructor(view: ViewDatabase<State>) {
    this.#view = view
  }

  nextOffset(topic: string): number {
    return this.#view.state.topics.nextOffset(topic)
  }

  find(realm: Realm, { origin, id }: AlertName): IntakeRow | null {
    const row = this.#view.state.find.get(realm, origin, uuidBytes(id))
    return row === undefined ? null : { realm, origin, id, ...rowFrom(row) }
  }

  apply(topic: string, rows: readonly IntakeRow[], nextOffset: number): void {
    this.#view.write(
      ({ topics, insert }) => {
        topics.advance(
          topic,
          rows.map(({ offset }) => offset),
          nextOffset,
        )
        for (const row of rows) insert.run(...columnsOf(row))
      },
      CALL_BYTES + rows.length * ROW_BYTES,
    )
  }

  setFate(realm: Realm, { origin, id }: AlertName, fate: IntakeFate): void {
    this.#view.write(({ setFate }) => {
      setFate.run(...fateColumns(fate), realm, origin, uuidBytes(id))
    }, CALL_BYTES)
  }

  close(): void {
    this.#view.close()
  }
}

/** About what a call and each of its rows hold in memory. */
const CALL_BYTES = 256
const ROW_BYTES = 512

const columnsOf = (row: IntakeRow) =>
  [
    row.realm,
    row.origin,
    uuidBytes(row.id),
    row.offset,
    row.digest,
    row.publishRecordIndex,
    row.acceptedAtMs,
    ...fateColumns(row.fate),
  ] as const

const rowFrom = (row: Row): Omit<IntakeRow, 'realm' | keyof AlertName> => ({
  offset: integerIn(row, 'offset'),
  digest: bytesIn(row, 'digest'),
  publishRecordIndex: integerIn(row, 'publish_record_index'),
  acceptedAtMs: integerIn(row, 'accepted_at_ms'),
  fate: fateFrom(row),
})

const fateColumns = (fate: IntakeFate | null): readonly [string | null, string | null] => {
  if (fate === null) return [null, null]
  return [fate.state, fate.state === 'routed' ? fate.topics.join(' ') : fate.why]
}

const fateFrom = (row: Row): IntakeFate | null => {
  const state = textOrNullIn(row, 'fate')
  if (state === null) return null
  const detail = textIn(row, 'fate_detail')
  return state === 'routed'
    ? { state, topics: detail.split(' ').filter((topic) => topic !== '') }
    : { state: 'dead-lettered', why: detail }
}
