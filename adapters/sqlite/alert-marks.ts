import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { AlertLabels } from '#adapters/sqlite/alert-labels.ts'
import { bytesIn, integerIn, type Row } from '#adapters/sqlite/row.ts'
import { KINDS } from '#core/kind.ts'
import type {
  IndexedAlert,
  IndexedRecall,
  NewAlert,
  Recalls,
  RecallsQuery,
} from '#core/ports/alert-index.ts'
import { type Uuid, uuidBytes, uuidFromBytes } from '#core/uuid.ts'

/**
 * What alerts say of earlier ones of their origin, by the name and digest of the earlier: so a mark
 * holds whichever of the two comes first. `relation`: a place in RELATIONS. `label_id`: of the alert
 * that says so, and one label has one id in a realm and origin.
 */
export const MARKS_SQL = `
  CREATE TABLE marks (
    realm TEXT NOT NULL, origin TEXT NOT NULL, id BLOB NOT NULL, digest BLOB NOT NULL,
    relation INTEGER NOT NULL, label_id INTEGER NOT NULL, by_id BLOB NOT NULL,
    accepted_at_ms INTEGER NOT NULL,
    PRIMARY KEY (realm, origin, id, digest, relation, label_id, by_id)
  ) WITHOUT ROWID, STRICT;
  CREATE INDEX recent_marks ON marks (realm, relation, accepted_at_ms, label_id);
`

const RELATIONS = ['RECALLS', 'SUPERSEDES'] as const

/** By acceptance, so that all nodes name the same one first. */
const BY_SQL = `
  SELECT by_id, label_id FROM marks
  WHERE realm = ? AND origin = ? AND id = ? AND digest = ? AND relation = ?
  ORDER BY accepted_at_ms, by_id
`

/** Of what is there, with that very digest and label: anything else an alert says recalls nothing. */
const RECALLS_SQL = `
  SELECT marks.*, told.digest AS by_digest FROM marks INDEXED BY recent_marks
  CROSS JOIN alerts ON alerts.realm = marks.realm AND alerts.origin = marks.origin
    AND alerts.id = marks.id AND alerts.digest = marks.digest
    AND alerts.label_id = marks.label_id AND alerts.kind <> ${KINDS.indexOf('RECALL')}
  CROSS JOIN alerts AS told ON told.realm = marks.realm AND told.origin = marks.origin
    AND told.id = marks.by_id
  WHERE marks.realm = ? AND marks.relation = 0 AND marks.accepted_at_ms >= ?
    AND marks.label_id IN (SELECT value FROM json_each(?))
  ORDER BY marks.accepted_at_ms DESC, marks.by_id LIMIT ?
`

type Marked = Pick<IndexedAlert, 'realm' | 'origin' | 'id' | 'digest' | 'labelId' | 'kind'>

export class AlertMarks {
  readonly #insert: StatementSync
  readonly #by: StatementSync
  readonly #recalls: StatementSync
  /** The labels of recalls: an alert under any other was not recalled, and is not looked up. */
  readonly #recallLabels = new Set<number>()
  #mark: object = {}

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare('INSERT OR IGNORE INTO marks VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
    this.#by = db.prepare(BY_SQL)
    this.#recalls = db.prepare(RECALLS_SQL)
    for (const row of db.prepare('SELECT DISTINCT label_id FROM marks WHERE relation = 0').all()) {
      this.#recallLabels.add(integerIn(row, 'label_id'))
    }
  }

  /** Another object whenever `recalls` may give others than before. */
  get mark(): object {
    return this.#mark
  }

  /** To be called for each alert that comes into the index. */
  add(alert: NewAlert, labelId: number): void {
    const { realm, origin, acceptedAtMs } = alert
    const by = uuidBytes(alert.id)
    for (const { relation, id, digest } of alert.marks) {
      const place = RELATIONS.indexOf(relation)
      this.#insert.run(realm, origin, uuidBytes(id), digest, place, labelId, by, acceptedAtMs)
      if (relation !== 'RECALLS') continue
      this.#recallLabels.add(labelId)
      this.#mark = {}
    }
    // Its recall may have been here before it.
    if (this.recallsOf({ ...alert, labelId }).length > 0) this.#mark = {}
  }

  recallsOf(alert: Marked): readonly Uuid[] {
    if (!this.#recallLabels.has(alert.labelId) || alert.kind === 'RECALL') return []
    const rows = this.#rowsOf(alert, 'RECALLS')
    return rows.filter((row) => integerIn(row, 'label_id') === alert.labelId).map(byIn)
  }

  supersededBy(alert: Marked): Uuid | null {
    const [first] = this.#rowsOf(alert, 'SUPERSEDES')
    return first === undefined ? null : byIn(first)
  }

  recalls({ realm, sinceMs, labelIds, limit }: RecallsQuery, labels: AlertLabels): Recalls {
    const wanted = labelIds.filter((id) => this.#recallLabels.has(id))
    if (wanted.length === 0) return { recalls: [], isCut: false }
    const rows = this.#recalls.all(realm, sinceMs, JSON.stringify(wanted), limit + 1)
    const recalls = rows.slice(0, limit).map((row) => recallFrom(row, labels))
    return { recalls, isCut: rows.length > limit }
  }

  #rowsOf({ realm, origin, id, digest }: Marked, relation: (typeof RELATIONS)[number]): Row[] {
    return this.#by.all(realm, origin, uuidBytes(id), digest, RELATIONS.indexOf(relation))
  }
}

const byIn = (row: Row): Uuid => uuidFromBytes(bytesIn(row, 'by_id'))

const recallFrom = (row: Row, labels: AlertLabels): IndexedRecall => {
  const { origin, label } = labels.get(integerIn(row, 'label_id'))
  return {
    origin,
    label,
    id: byIn(row),
    digest: bytesIn(row, 'by_digest'),
    acceptedAtMs: integerIn(row, 'accepted_at_ms'),
    recalls: { id: uuidFromBytes(bytesIn(row, 'id')), digest: bytesIn(row, 'digest') },
  }
}
