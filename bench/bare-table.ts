import { DatabaseSync } from 'node:sqlite'

/** What the embedded log is compared with: its table and settings, and nothing around them. */
export interface BareTable {
  /** Inserts so many rows in one durable transaction; gives how many that was. */
  commit(rows: number, value: () => Uint8Array): number
  close(): void
}

export const openBareTable = (path: string): BareTable => {
  const db = new DatabaseSync(path)
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  db.exec('CREATE TABLE bare (offset INTEGER PRIMARY KEY, value BLOB NOT NULL) STRICT')
  const insert = db.prepare('INSERT INTO bare (offset, value) VALUES (?, ?)')
  const [begin, commit] = [db.prepare('BEGIN IMMEDIATE'), db.prepare('COMMIT')]
  let next = 0
  return {
    commit: (rows, value) => {
      begin.run()
      for (let n = 0; n < rows; n += 1) insert.run(next++, value())
      commit.run()
      return rows
    },
    close: () => db.close(),
  }
}
