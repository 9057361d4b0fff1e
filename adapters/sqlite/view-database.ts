import { closeSync, openSync, readSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { ForeignDatabase } from '#adapters/sqlite/log-schema.ts'
import { isBusy } from '#adapters/sqlite/sqlite-fault.ts'
import { LIMITS } from '#core/limits.ts'

/** Why a view's file was deleted, so that the view starts from nothing. */
export type ViewReset = 'other-schema' | 'damaged'

export interface ViewOptions {
  /** The database file; `:memory:` for a view that lives as long as the process. */
  readonly path: string
  /** Called before the file is deleted. */
  readonly onReset: (why: ViewReset) => void
}

/** What one kind of view is made of. */
export interface ViewSchema<State> {
  /** Four bytes that tell this kind of view from every other database. */
  readonly applicationId: number
  /** Raised with every change of `sql`, or of the meaning of what the tables hold. */
  readonly number: number
  readonly sql: string
  readonly cacheKiB: number
  /** How long a write may stay in the open transaction: the longer, the more writes share a commit. */
  readonly uncommittedMsMax: number
  /** What the view keeps in memory: prepared statements, and copies of small tables. */
  readonly load: (db: DatabaseSync) => State
}

/** Another process, or another part of this one, has the view open. */
export class ViewInUse extends Error {
  override readonly name = 'ViewInUse'
}

/**
 * Opens the view, or makes an empty one: also instead of one with another schema number, and of one
 * that SQLite finds damaged. Throws `ViewInUse`, and `ForeignDatabase` for what is no such view:
 * a wrong path must never cost anyone a message log.
 */
export const openView = <State>(
  { path, onReset }: ViewOptions,
  schema: ViewSchema<State>,
): ViewDatabase<State> => {
  const opened = tryOpen(path, schema)
  if (opened instanceof DatabaseSync) return new ViewDatabase(opened, schema)
  onReset(opened)
  // The database last: a crash in between leaves one that is deleted at the next start.
  for (const suffix of ['-wal', '-shm', '-journal', '']) rmSync(path + suffix, { force: true })
  const db = tryOpen(path, schema)
  if (db instanceof DatabaseSync) return new ViewDatabase(db, schema)
  throw new Error(`${path} is ${db} although it is new`)
}

/**
 * The database of one view, by one connection that shares it with nobody. Writes gather in one open
 * transaction: they can be read at once, and are committed together soon after. Whatever ends the
 * process, rows and offsets are there together or not at all, and no write without those before it.
 *
 *   write ──▶ open transaction ──(uncommittedMsMax, or viewUncommittedBytesMax)──▶ committed
 *                   │ a write that throws, a commit that fails
 *                   ▼
 *              rolled back ──(next look, next write, or the timer)──▶ written again from `#acts`
 */
export class ViewDatabase<State> {
  readonly #db: DatabaseSync
  readonly #schema: ViewSchema<State>
  /** The writes of the open transaction: what was promised must outlive a roll-back. */
  readonly #acts: ((state: State) => void)[] = []
  #bytes = 0
  #timer: NodeJS.Timeout | undefined
  /** Null when the transaction may be gone, or half-written. */
  #state: State | null

  constructor(db: DatabaseSync, schema: ViewSchema<State>) {
    this.#db = db
    this.#schema = schema
    try {
      this.#state = schema.load(db)
    } catch (error) {
      db.close()
      throw error
    }
  }

  /** What is in memory. After a fault it is read again from the tables, and `#acts` are repeated. */
  get state(): State {
    this.#state ??= this.#restored()
    return this.#state
  }

  /** Changes tables and state by `act`, or nothing if it throws. `act` may be called again after a
   * fault, and must do the same then. `bytes`: about what it holds in memory. */
  write(act: (state: State) => void, bytes: number): void {
    const state = this.state
    const isFull = this.#bytes + bytes >= LIMITS.viewUncommittedBytesMax
    try {
      if (!this.#db.isTransaction) this.#db.exec('BEGIN IMMEDIATE')
      act(state)
      if (isFull) this.#commit()
    } catch (error) {
      this.#state = null
      throw error
    }
    if (isFull) return
    this.#acts.push(act)
    this.#bytes += bytes
    this.#timer ??= this.#later(this.#schema.uncommittedMsMax)
  }

  close(): void {
    if (!this.#db.isOpen) return
    try {
      if (this.#acts.length > 0) this.#commitAll()
    } catch {
      // What was not committed is applied again from the topic after the next start.
    }
    clearTimeout(this.#timer)
    this.#db.close()
  }

  #commit(): void {
    this.#db.exec('COMMIT')
    this.#acts.length = 0
    this.#bytes = 0
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** Throws what the commit threw; the writes stay in memory, to be written again. */
  #commitAll(): void {
    // Looked at first: after a fault, what was rolled back is written again here.
    this.state
    try {
      this.#commit()
    } catch (error) {
      this.#state = null
      throw error
    }
  }

  #later(ms: number): NodeJS.Timeout {
    const commit = (): void => {
      this.#timer = undefined
      try {
        this.#commitAll()
      } catch {
        // A full disk, say. The views' owner hears of it when its writes are refused.
        this.#timer = this.#later(COMMIT_RETRY_MS)
      }
    }
    // The process need not live on for it: the topic has it all.
    return setTimeout(commit, ms).unref()
  }

  #restored(): State {
    if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
    const state = this.#schema.load(this.#db)
    if (this.#acts.length === 0) return state
    this.#db.exec('BEGIN IMMEDIATE')
    for (const act of this.#acts) act(state)
    return state
  }
}

const COMMIT_RETRY_MS = 1_000

const tryOpen = (path: string, schema: ViewSchema<unknown>): DatabaseSync | ViewReset => {
  const db = new DatabaseSync(path, { timeout: 0 })
  try {
    const why = prepare(db, schema)
    if (why === null) return db
    db.close()
    return why
  } catch (error) {
    db.close()
    if (isBusy(error)) throw new ViewInUse(`${path} is in use: a view has one owner at a time`)
    if (!isDamage(error)) throw error
    checkNotForeign(path, schema)
    return 'damaged'
  }
}

/** Null when the database is ready; else why it cannot be used. */
const prepare = (db: DatabaseSync, schema: ViewSchema<unknown>): ViewReset | null => {
  // Without the exclusive lock a second owner would go unnoticed, and each would remember offsets
  // that the other has moved.
  db.exec('PRAGMA locking_mode = EXCLUSIVE')
  const isFresh = isNew(db)
  if (!isFresh && pragma(db, 'application_id') !== schema.applicationId)
    throw foreign(db.location())
  if (!isFresh && pragma(db, 'user_version') !== schema.number) return 'other-schema'
  const mode = db.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode']
  if (mode !== 'wal' && mode !== 'memory') throw new Error(`${db.location()} cannot have a WAL`)
  // With NORMAL a loss of power takes the last commits, which the topic gives again. With OFF it
  // may take older pages and leave newer ones: a view that looks whole and has lost an alert.
  db.exec(`
    PRAGMA synchronous = NORMAL; PRAGMA checkpoint_fullfsync = ON;
    PRAGMA cache_size = -${schema.cacheKiB}; PRAGMA journal_size_limit = ${WAL_BYTES_KEPT};
  `)
  if (isFresh) create(db, schema)
  return db.prepare('PRAGMA quick_check(1)').get()?.['quick_check'] === 'ok' ? null : 'damaged'
}

const WAL_BYTES_KEPT = 67_108_864

const create = (db: DatabaseSync, { applicationId, number, sql }: ViewSchema<unknown>): void =>
  db.exec(`
    BEGIN IMMEDIATE;
    ${sql}
    PRAGMA application_id = ${applicationId};
    PRAGMA user_version = ${number};
    COMMIT;
  `)

const isNew = (db: DatabaseSync): boolean =>
  pragma(db, 'application_id') === 0 &&
  db.prepare('SELECT 1 FROM sqlite_schema').get() === undefined

const pragma = (db: DatabaseSync, name: string): number =>
  Number(db.prepare(`PRAGMA ${name}`).get()?.[name])

const CORRUPT = 11
const NOT_A_DATABASE = 26

const isDamage = (error: unknown): boolean => {
  if (!(error instanceof Error && 'errcode' in error)) return false
  const code = Number(error.errcode) & 0xff
  return code === CORRUPT || code === NOT_A_DATABASE
}

/** A damaged database may still say whose it is: https://sqlite.org/fileformat.html §1.3. */
const checkNotForeign = (path: string, { applicationId }: ViewSchema<unknown>): void => {
  const header = Buffer.alloc(72)
  const file = openSync(path, 'r')
  try {
    readSync(file, header)
  } finally {
    closeSync(file)
  }
  const owner = header.readUInt32BE(68)
  const isDatabase = header.subarray(0, 16).toString('latin1') === 'SQLite format 3\0'
  if (isDatabase && owner !== 0 && owner !== applicationId) throw foreign(path)
}

const foreign = (path: string | null): ForeignDatabase =>
  new ForeignDatabase(`${path} is another database than the view that should be there`)
