import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { integerIn, type Row, textIn } from '#adapters/sqlite/row.ts'
import { isAgencyId } from '#core/agency.ts'
import { type Label, labelFrom, labelKey, type WrittenLabel } from '#core/label.ts'
import type { FeedFilter, IndexedLabel, NewAlert } from '#core/ports/alert-index.ts'
import { isRealm, type Realm } from '#core/realm.ts'

export const LABELS_SQL = `
  CREATE TABLE labels (
    id INTEGER PRIMARY KEY, realm TEXT NOT NULL, origin TEXT NOT NULL, label TEXT NOT NULL,
    UNIQUE (realm, origin, label)
  ) STRICT;
`

export interface RealmLabel extends IndexedLabel {
  readonly realm: Realm
}

/** The distinct (realm, origin, label). A copy in memory of the table `labels`. */
export class AlertLabels {
  readonly #insert: StatementSync
  readonly #byId = new Map<number, RealmLabel>()
  readonly #byKey = new Map<string, RealmLabel>()
  readonly #ofRealm = new Map<Realm, readonly IndexedLabel[]>()

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare('INSERT INTO labels (realm, origin, label) VALUES (?, ?, ?)')
    for (const row of db.prepare('SELECT * FROM labels ORDER BY id').all()) {
      this.#add(realmLabelFrom(row))
    }
  }

  ofRealm(realm: Realm): readonly IndexedLabel[] {
    const known = this.#ofRealm.get(realm)
    if (known !== undefined) return known
    const labels = [...this.#byId.values()].filter((label) => label.realm === realm)
    this.#ofRealm.set(realm, labels)
    return labels
  }

  get(id: number): RealmLabel {
    const label = this.#byId.get(id)
    if (label === undefined) throw new TypeError(`no label ${id}`)
    return label
  }

  idFor({ realm, origin, label }: Pick<NewAlert, 'realm' | 'origin' | 'label'>): number {
    const text = labelKey(label)
    const known = this.#byKey.get(keyOf(realm, origin, text))
    if (known !== undefined) return known.id
    const id = Number(this.#insert.run(realm, origin, text).lastInsertRowid)
    this.#add({ id, realm, origin, label })
    return id
  }

  /** Those of `ids` that are of the realm and may be on an alert that the filter lets through. */
  select(realm: Realm, ids: readonly number[], filter: FeedFilter): ReadonlySet<number> {
    const fits = (id: number): boolean => {
      const label = this.#byId.get(id)
      return label !== undefined && label.realm === realm && fitsFilter(label, filter)
    }
    return new Set(ids.filter(fits))
  }

  #add(label: RealmLabel): void {
    this.#byId.set(label.id, label)
    this.#byKey.set(keyOf(label.realm, label.origin, labelKey(label.label)), label)
    this.#ofRealm.delete(label.realm)
  }
}

const keyOf = (realm: Realm, origin: string, label: string): string => `${realm} ${origin} ${label}`

const fitsFilter = ({ origin, label }: IndexedLabel, filter: FeedFilter): boolean => {
  const { jurisdictions, classifications, origins } = filter
  return (
    (jurisdictions === null || label.jurisdictions.some((code) => jurisdictions.includes(code))) &&
    (classifications === null || classifications.includes(label.classification)) &&
    (origins === null || origins.includes(origin))
  )
}

const realmLabelFrom = (row: Row): RealmLabel => {
  const [realm, origin] = [textIn(row, 'realm'), textIn(row, 'origin')]
  const label = labelFromKey(textIn(row, 'label'))
  if (!isRealm(realm) || !isAgencyId(origin) || label === null) {
    throw new TypeError(`label ${integerIn(row, 'id')} is none`)
  }
  return { id: integerIn(row, 'id'), realm, origin, label }
}

/** The inverse of `labelKey`. */
const labelFromKey = (key: string): Label | null => {
  const parts: LabelKeyParts = JSON.parse(key)
  const [classification, jurisdictions, releasableTo, caveats] = parts
  const read = labelFrom({ classification, jurisdictions, releasableTo, caveats })
  return read.ok ? read.value : null
}

type LabelKeyParts = readonly [
  WrittenLabel['classification'],
  WrittenLabel['jurisdictions'],
  WrittenLabel['releasableTo'],
  WrittenLabel['caveats'],
]
