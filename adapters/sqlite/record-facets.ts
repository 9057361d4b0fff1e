import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { integerIn, textIn } from '#adapters/sqlite/row.ts'
import type { RecordQuery, RecordRow } from '#core/ports/record-index.ts'

export const FACETS_SQL = `
  CREATE TABLE facets (
    id INTEGER PRIMARY KEY, realm TEXT NOT NULL, action TEXT NOT NULL, outcome TEXT NOT NULL
  ) STRICT;
`

type Facets = Pick<NonNullable<RecordRow['record']>, 'realm' | 'action' | 'outcome'>

interface Facet {
  readonly id: number
  readonly realm: string
  readonly action: string
  readonly outcome: string
}

/** What a record has of few values, as one number: each (realm, action, outcome) that occurs. */
export class RecordFacets {
  readonly #insert: StatementSync
  readonly #facets = new Map<string, Facet>()

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare('INSERT INTO facets (realm, action, outcome) VALUES (?, ?, ?)')
    for (const row of db.prepare('SELECT * FROM facets').all()) {
      this.#add({
        id: integerIn(row, 'id'),
        realm: textIn(row, 'realm'),
        action: textIn(row, 'action'),
        outcome: textIn(row, 'outcome'),
      })
    }
  }

  idFor({ realm, action, outcome }: Facets): number {
    const known = this.#facets.get(keyOf({ realm, action, outcome }))
    if (known !== undefined) return known.id
    const id = Number(this.#insert.run(realm, action, outcome).lastInsertRowid)
    this.#add({ id, realm, action, outcome })
    return id
  }

  matching({ realm, action, outcome }: RecordQuery): readonly number[] {
    return [...this.#facets.values()]
      .filter((facet) => realm === null || facet.realm === realm)
      .filter((facet) => action === null || facet.action === action)
      .filter((facet) => outcome === null || facet.outcome === outcome)
      .map(({ id }) => id)
  }

  #add(facet: Facet): void {
    this.#facets.set(keyOf(facet), facet)
  }
}

const keyOf = ({ realm, action, outcome }: Omit<Facet, 'id'>): string =>
  `${realm} ${action} ${outcome}`
