import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { integerIn } from '#adapters/sqlite/row.ts'
import { LIMITS } from '#core/limits.ts'

export const NAMES_SQL = `
  CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
`

/**
 * Small numbers for names, which keep a view's rows small. Any name that anyone asks for can get
 * into the access log, so that only some of them are kept in memory.
 */
export class NameIds {
  readonly #find: StatementSync
  readonly #insert: StatementSync
  readonly #cached = new Map<string, number>()

  constructor(db: DatabaseSync) {
    this.#find = db.prepare('SELECT id FROM names WHERE name = ?')
    this.#insert = db.prepare('INSERT INTO names (name) VALUES (?)')
  }

  /** Null for a name that has no number. */
  find(name: string): number | null {
    const cached = this.#cached.get(name)
    if (cached !== undefined) return cached
    const row = this.#find.get(name)
    return row === undefined ? null : this.#keep(name, integerIn(row, 'id'))
  }

  idFor(name: string): number {
    return this.find(name) ?? this.#keep(name, Number(this.#insert.run(name).lastInsertRowid))
  }

  #keep(name: string, id: number): number {
    if (this.#cached.size >= LIMITS.recordNamesCachedMax) this.#cached.clear()
    this.#cached.set(name, id)
    return id
  }
}
