import type { DatabaseSync } from 'node:sqlite'
import { AlertLabels, LABELS_SQL } from '#adapters/sqlite/alert-labels.ts'
import { AlertMarks, MARKS_SQL } from '#adapters/sqlite/alert-marks.ts'
import {
  AlertTopics,
  FEED_SQL,
  LastFlashes,
  prepareFeed,
  readPage,
} from '#adapters/sqlite/alert-page.ts'
import { bytesIn, integerIn, integerOrNullIn, type Row } from '#adapters/sqlite/row.ts'
import { openView, type ViewDatabase, type ViewOptions } from '#adapters/sqlite/view-database.ts'
import { TOPICS_SQL, ViewTopics } from '#adapters/sqlite/view-topics.ts'
import type { AlertName } from '#core/alert.ts'
import { KINDS } from '#core/kind.ts'
import { LIMITS } from '#core/limits.ts'
import type {
  AlertIndex,
  IndexedAlert,
  IndexedLabel,
  NewAlert,
  Page,
  PageQuery,
  Recalls,
  RecallsQuery,
  UrgentAlert,
  UrgentQuery,
} from '#core/ports/alert-index.ts'
import { PRECEDENCES } from '#core/precedence.ts'
import type { Realm } from '#core/realm.ts'
import { type Uuid, uuidBytes, uuidFromBytes } from '#core/uuid.ts'

/** Throws `ViewInUse`, `ForeignDatabase`. */
export const openSqliteAlertIndex = (options: ViewOptions): AlertIndex =>
  new SqliteAlertIndex(
    openView(options, {
      applicationId: 0x52_41_6c_72, // `RAlr`
      number: 4,
      sql: TOPICS_SQL + LABELS_SQL + ALERTS_SQL + FEED_SQL + MARKS_SQL,
      cacheKiB: 32_768,
      uncommittedMsMax: LIMITS.viewUncommittedMsMax,
      load: stateOf,
    }),
  )

/** Kind and precedence are places in their tables in core, so that a filter is a bit mask. The
 * frame stands last: nothing before it is ever read from an overflow page. */
const ALERTS_SQL = `
  CREATE TABLE alerts (
    number INTEGER PRIMARY KEY,
    realm TEXT NOT NULL, origin TEXT NOT NULL, id BLOB NOT NULL,
    topic_id INTEGER NOT NULL, offset INTEGER NOT NULL, label_id INTEGER NOT NULL,
    kind INTEGER NOT NULL, precedence INTEGER NOT NULL,
    accepted_at_ms INTEGER NOT NULL, expires_at_ms INTEGER,
    digest BLOB NOT NULL, frame BLOB NOT NULL,
    UNIQUE (realm, origin, id)
  ) STRICT;
  CREATE INDEX urgent_alerts ON alerts (realm, precedence, accepted_at_ms)
    WHERE precedence >= ${PRECEDENCES.indexOf('IMMEDIATE')};
`

const URGENT_SQL = `
  SELECT realm, origin, id, label_id, accepted_at_ms, expires_at_ms, digest
  FROM alerts INDEXED BY urgent_alerts
  WHERE realm = ? AND precedence = ? AND precedence >= ${PRECEDENCES.indexOf('IMMEDIATE')}
    AND accepted_at_ms BETWEEN ? AND ?
  ORDER BY accepted_at_ms DESC, number LIMIT ?
`

type State = ReturnType<typeof stateOf>

const stateOf = (db: DatabaseSync) => ({
  topics: new ViewTopics(db),
  labels: new AlertLabels(db),
  labelsOfTopics: new AlertTopics(db),
  lastFlashes: new LastFlashes(db),
  feed: prepareFeed(db),
  marks: new AlertMarks(db),
  find: db.prepare('SELECT * FROM alerts WHERE realm = ? AND origin = ? AND id = ?'),
  urgent: db.prepare(URGENT_SQL),
  get: db.prepare('SELECT * FROM alerts WHERE number = ?'),
  has: db.prepare('SELECT 1 FROM alerts WHERE realm = ? AND origin = ? AND id = ?'),
  insert: db.prepare('INSERT INTO alerts VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
})

class SqliteAlertIndex implements AlertIndex {
  readonly #view: ViewDatabase<State>

  constructor(view: ViewDatabase<State>) {
    this.#view = view
  }

  nextOffset(topic: string): number {
    return this.#view.state.topics.nextOffset(topic)
  }

  apply(topic: string, alerts: readonly NewAlert[], nextOffset: number): void {
    this.#view.write((state) => {
      const offsets = alerts.map(({ offset }) => offset)
      const topicId = state.topics.advance(topic, offsets, nextOffset)
      for (const alert of alerts) insert(state, topicId, alert)
    }, bytesOf(alerts))
  }

  find(realm: Realm, { origin, id }: AlertName): IndexedAlert | null {
    const { state } = this.#view
    const row = state.find.get(realm, origin, uuidBytes(id))
    return row === undefined ? null : alertFrom(state, row)
  }

  recallsOf(alert: IndexedAlert): readonly Uuid[] {
    return this.#view.state.marks.recallsOf(alert)
  }

  supersededBy(alert: IndexedAlert): Uuid | null {
    return this.#view.state.marks.supersededBy(alert)
  }

  recalls(query: RecallsQuery): Recalls {
    const { marks, labels } = this.#view.state
    return marks.recalls(query, labels)
  }

  recallsMark(): object {
    return this.#view.state.marks.mark
  }

  urgent({ realm, precedence, fromMs, untilMs, limit }: UrgentQuery): readonly UrgentAlert[] {
    const { state } = this.#view
    const place = PRECEDENCES.indexOf(precedence)
    const rows = state.urgent.all(realm, place, fromMs, untilMs, limit)
    return rows.map((row) => ({ ...namedFrom(state, row), precedence }))
  }

  labels(realm: Realm): readonly IndexedLabel[] {
    return this.#view.state.labels.ofRealm(realm)
  }

  page(query: PageQuery): Page {
    const { state } = this.#view
    return readPage(state, query, (number) => alertFrom(state, required(state.get.get(number))))
  }

  close(): void {
    this.#view.close()
  }
}

/** About what a call holds in memory. */
const bytesOf = (alerts: readonly NewAlert[]): number =>
  alerts.reduce((sum, { frame }) => sum + frame.length + ROW_BYTES, CALL_BYTES)

const CALL_BYTES = 256
const ROW_BYTES = 1_024

const insert = (state: State, topicId: number, alert: NewAlert): void => {
  const { realm, origin } = alert
  const id = uuidBytes(alert.id)
  // Looked up before the label is: a forged double must not bring a label of its own.
  if (state.has.get(realm, origin, id) !== undefined) return
  const labelId = state.labels.idFor(alert)
  state.labelsOfTopics.add(topicId, labelId)
  state.lastFlashes.add(topicId, alert)
  state.marks.add(alert, labelId)
  state.insert.run(
    realm,
    origin,
    id,
    topicId,
    alert.offset,
    labelId,
    KINDS.indexOf(alert.kind),
    PRECEDENCES.indexOf(alert.precedence),
    alert.acceptedAtMs,
    alert.expiresAtMs,
    alert.digest,
    alert.frame,
  )
}

const alertFrom = (state: State, row: Row): IndexedAlert => ({
  ...namedFrom(state, row),
  topic: state.topics.nameOf(integerIn(row, 'topic_id')),
  offset: integerIn(row, 'offset'),
  kind: required(KINDS[integerIn(row, 'kind')]),
  precedence: required(PRECEDENCES[integerIn(row, 'precedence')]),
  frame: bytesIn(row, 'frame'),
})

const namedFrom = ({ labels }: State, row: Row) => {
  const labelId = integerIn(row, 'label_id')
  const { realm, origin, label } = labels.get(labelId)
  return {
    realm,
    origin,
    id: uuidFromBytes(bytesIn(row, 'id')),
    labelId,
    label,
    acceptedAtMs: integerIn(row, 'accepted_at_ms'),
    expiresAtMs: integerOrNullIn(row, 'expires_at_ms'),
    digest: bytesIn(row, 'digest'),
  }
}

const required = <T>(value: T | undefined): T => {
  if (value === undefined) throw new TypeError('the index contradicts itself')
  return value
}
