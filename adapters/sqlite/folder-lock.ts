import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isBusy } from '#adapters/sqlite/sqlite-fault.ts'

/** Another process, or another part of this one, already writes to the folder. */
export class FolderInUse extends Error {
  override readonly name = 'FolderInUse'
}

export interface FolderLock {
  release(): void
}

/**
 * Makes the caller the only writer of a data folder until it releases the lock or its process
 * ends, however it ends: the lock is one of the operating system's, on an SQLite database that
 * never gets content. On a network file system such locks may be worth nothing.
 */
export const lockFolder = (folder: string): FolderLock => {
  const db = new DatabaseSync(join(folder, 'lock.db'), { timeout: 0 })
  try {
    // With its journal in memory nothing is left beside the file when the process is killed.
    db.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (error) {
    db.close()
    if (!isBusy(error)) throw error
    throw new FolderInUse(`${folder} is in use: only one process may write to it at a time`)
  }
  return {
    release: () => {
      if (db.isOpen) db.close()
    },
  }
}
