import { backup, DatabaseSync } from 'node:sqlite'
import { checkComplete, checkSchema, LOG_SCHEMA } from '#adapters/sqlite/log-schema.ts'

export interface CopyLogOptions {
  /** The log's database; its writer may be at work. */
  readonly from: string
  /** A file that is not there yet. */
  readonly to: string
  readonly onProgress: (pagesDone: number, pagesTotal: number) => void
}

const PAGES_AT_ONCE = 1_000

/**
 * Copies the log as it stands at one moment, beside a writer who is not kept waiting: the copy is
 * read under one transaction, so commits that come meanwhile are not in it and do not make it begin
 * anew. Until it is done the write-ahead log grows by what is committed. Resolves with the schema
 * number when the copy is durable and one file. Throws `ForeignDatabase` for a file that is no log.
 */
export const copySqliteLog = async ({ from, to, onProgress }: CopyLogOptions): Promise<number> => {
  checkComplete(from)
  const source = new DatabaseSync(from, { readOnly: true })
  try {
    checkSchema(source)
    // The first read of a transaction is what fixes the moment.
    source.exec('BEGIN')
    source.prepare('SELECT count(*) FROM topics').get()
    await backup(source, to, {
      rate: PAGES_AT_ONCE,
      progress: ({ totalPages, remainingPages }) =>
        onProgress(totalPages - remainingPages, totalPages),
    })
  } finally {
    source.close()
  }
  leaveOneFile(to)
  return LOG_SCHEMA
}

/** The copy says of itself that a write-ahead log belongs to it, and none was copied. */
const leaveOneFile = (path: string): void => {
  const copy = new DatabaseSync(path)
  try {
    checkSchema(copy)
    copy.exec('PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA journal_mode = DELETE')
  } finally {
    copy.close()
  }
}
