import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { integerIn, textIn } from '#adapters/sqlite/row.ts'

export const TOPICS_SQL = `
  CREATE TABLE topics (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, next_offset INTEGER NOT NULL
  ) STRICT;
`

interface Topic {
  readonly id: number
  nextOffset: number
}

/** How far a view has followed its topics. A copy in memory of the table `topics`. */
export class ViewTopics {
  readonly #topics = new Map<string, Topic>()
  readonly #names = new Map<number, string>()
  readonly #insert: StatementSync
  readonly #move: StatementSync

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare('INSERT INTO topics (name, next_offset) VALUES (?, 0)')
    this.#move = db.prepare('UPDATE topics SET next_offset = ? WHERE id = ?')
    for (const row of db.prepare('SELECT id, name, next_offset FROM topics').all()) {
      this.#add(textIn(row, 'name'), integerIn(row, 'id'), integerIn(row, 'next_offset'))
    }
  }

  nextOffset(topic: string): number {
    return this.#topics.get(topic)?.nextOffset ?? 0
  }

  idOf(topic: string): number | null {
    return this.#topics.get(topic)?.id ?? null
  }

  nameOf(id: number): string {
    const name = this.#names.get(id)
    if (name === undefined) throw new TypeError(`no topic ${id}`)
    return name
  }

  /**
   * Moves the offset behind entries at `offsets`, and gives the topic's id. Throws a `RangeError`,
   * for it is the caller's bug, when one of them was applied before or does not lie before `next`.
   */
  advance(topic: string, offsets: readonly number[], next: number): number {
    const { id, nextOffset } = this.#topics.get(topic) ?? this.#create(topic)
    if (next < nextOffset || offsets.some((offset) => offset < nextOffset || offset >= next)) {
      throw new RangeError(`${topic} was applied up to ${nextOffset}: these entries do not follow`)
    }
    this.#move.run(next, id)
    this.#add(topic, id, next)
    return id
  }

  #create(topic: string): Topic {
    return this.#add(topic, Number(this.#insert.run(topic).lastInsertRowid), 0)
  }

  #add(name: string, id: number, nextOffset: number): Topic {
    const topic = { id, nextOffset }
    this.#topics.set(name, topic)
    this.#names.set(id, name)
    return topic
  }
}
