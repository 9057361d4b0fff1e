import { closeSync, existsSync, openSync, readSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'

export const LOG_SCHEMA = 1
/** `RLog` in ASCII: tells this database from any other. */
const APPLICATION_ID = 0x52_4c_6f_67

export const topicTableSql = (id: number): string =>
  `CREATE TABLE topic_${id} (offset INTEGER PRIMARY KEY, value BLOB NOT NULL) STRICT`

/** The database was made by a later version, or is not a message log at all. */
export class ForeignDatabase extends Error {
  override readonly name = 'ForeignDatabase'
}

/** Creates what a new database needs, and makes an older process's last commits durable. */
export const prepareForWriting = (db: DatabaseSync): void => {
  if (!isNew(db)) checkSchema(db)
  const mode = db.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode']
  if (mode !== 'wal') throw new Error(`the file system of ${db.location()} does not support WAL`)
  // A plain fsync on macOS leaves the bytes in the drive's cache.
  db.exec('PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON')
  // This commit is made even if it changes nothing: a process that was killed between the write
  // and the fsync of its last commit has left entries which can be read but are not durable yet.
  // The fsync of this commit covers them before anyone is shown one.
  db.exec(`
    BEGIN IMMEDIATE;
    CREATE TABLE IF NOT EXISTS topics (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
    PRAGMA application_id = ${APPLICATION_ID};
    PRAGMA user_version = ${LOG_SCHEMA};
    COMMIT;
  `)
}

/** Throws unless this is a log of our schema. Reads only. */
export const checkSchema = (db: DatabaseSync): void => {
  const schema = pragma(db, 'user_version')
  if (pragma(db, 'application_id') !== APPLICATION_ID) {
    throw new ForeignDatabase(`${db.location()} is not a message log`)
  }
  if (schema !== LOG_SCHEMA) {
    throw new ForeignDatabase(
      `${db.location()} has schema ${schema}, this program knows ${LOG_SCHEMA}: use a newer one`,
    )
  }
}

/**
 * Throws when a reader would have to create the write-ahead log. A log that was closed needs none,
 * and one that was not has it beside it: if it is missing, so may be acknowledged entries.
 */
export const checkComplete = (path: string): void => {
  if (existsSync(`${path}-wal`)) return
  // To close a file gives up every lock that this process has on it. Nobody can be hurt: who holds
  // a lock for longer than one call has a write-ahead log.
  const header = new Uint8Array(20)
  const file = openSync(path, 'r')
  try {
    readSync(file, header)
  } finally {
    closeSync(file)
  }
  if (header[18] !== 2) return
  throw new ForeignDatabase(`${path} is no whole log: ${path}-wal, which belongs to it, is missing`)
}

const isNew = (db: DatabaseSync): boolean =>
  pragma(db, 'application_id') === 0 &&
  pragma(db, 'user_version') === 0 &&
  db.prepare('SELECT 1 FROM sqlite_schema').get() === undefined

const pragma = (db: DatabaseSync, name: string): number =>
  Number(db.prepare(`PRAGMA ${name}`).get()?.[name])
