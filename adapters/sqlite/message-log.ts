import { dirname } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { AppendQueue, type WaitingAppend } from '#adapters/sqlite/append-queue.ts'
import { CommitWatch, OTHERS_POLL_MS } from '#adapters/sqlite/commit-watch.ts'
import { type FolderLock, lockFolder } from '#adapters/sqlite/folder-lock.ts'
import { LogDatabase, type TableAppend } from '#adapters/sqlite/log-database.ts'
import { canPass } from '#adapters/sqlite/sqlite-fault.ts'
import { LIMITS } from '#core/limits.ts'
import {
  type AppendOptions,
  appendBytes,
  checkReadRange,
  type LogEntry,
  LogUnavailable,
  type MessageLog,
} from '#core/ports/message-log.ts'

const FAULT_WAIT_MS_MIN = 50
const FAULT_WAIT_MS_MAX = 1_000

export interface SqliteLogOptions {
  /** The database file, for all topics. Its folder exists already. */
  readonly path: string
  /** Beside a writer in another process, or alone: nothing of the log is created or changed. */
  readonly readOnly?: boolean
}

/**
 * A message log in one SQLite file. Whoever opens it for writing is the only one who can in its
 * folder (`FolderInUse`). Throws `ForeignDatabase` for a file that is not such a log.
 */
export const openSqliteLog = ({ path, readOnly = false }: SqliteLogOptions): MessageLog => {
  if (readOnly) return new SqliteLog(new LogDatabase(path, { readOnly }), null)
  const lock = lockFolder(dirname(path))
  try {
    return new SqliteLog(new LogDatabase(path, { readOnly }), lock)
  } catch (error) {
    lock.release()
    throw error
  }
}

interface PendingAppend extends WaitingAppend, TableAppend {
  readonly resolve: (offsets: readonly number[]) => void
  readonly reject: (error: unknown) => void
}

/**
 * Group commit without a timer: an append that finds the log idle is committed in this turn of the
 * event loop, once the turn's other work is done. A commit blocks the loop; the appends that
 * arrive meanwhile are all read in the next turn, and share the next transaction and its fsync.
 */
class SqliteLog implements MessageLog {
  readonly #db: LogDatabase
  readonly #lock: FolderLock | null
  readonly #queue = new AppendQueue<PendingAppend>()
  readonly #watch: CommitWatch
  #commitScheduled = false
  #drained: Promise<void> | null = null

  /** Without a lock the log can only be read. */
  constructor(db: LogDatabase, lock: FolderLock | null) {
    this.#db = db
    this.#lock = lock
    this.#watch = new CommitWatch(() => db.dataVersion())
  }

  async append(
    topic: string,
    entries: readonly Uint8Array[],
    { lane = 'ordinary' }: AppendOptions = {},
  ): Promise<readonly number[]> {
    const bytes = appendBytes(entries)
    this.#checkOpen()
    if (this.#lock === null) throw new LogUnavailable('the log is open to read only')
    const table = this.#db.table(topic)
    const { promise, resolve, reject } = Promise.withResolvers<readonly number[]>()
    if (!this.#queue.offer({ topic, table, entries, bytes, lane, resolve, reject })) {
      throw new LogUnavailable('too many appends wait already')
    }
    this.#scheduleCommit()
    return promise
  }

  async read(topic: string, from: number, limit: number): Promise<readonly LogEntry[]> {
    checkReadRange(from, limit)
    this.#checkOpen()
    return this.#db.read(topic, from, limit)
  }

  async *follow(
    topic: string,
    from: number,
    signal: AbortSignal,
  ): AsyncGenerator<readonly LogEntry[]> {
    let next = from
    let strangersMsMax = 0
    let faultWaitMs = FAULT_WAIT_MS_MIN
    while (!signal.aborted) {
      const entries = this.#readUnlessFault(topic, next, strangersMsMax)
      if (entries === 'passing fault') {
        await pause(faultWaitMs, signal)
        faultWaitMs = Math.min(faultWaitMs * 2, FAULT_WAIT_MS_MAX)
        continue
      }
      faultWaitMs = FAULT_WAIT_MS_MIN
      strangersMsMax = OTHERS_POLL_MS
      // No `await` between the read and the sleep, or a commit in between would wake nobody.
      if (entries.length === 0) await this.#watch.sleep(topic, signal)
      else yield entries
      next += entries.length
    }
  }

  async head(topic: string): Promise<number> {
    this.#checkOpen()
    return this.#db.head(topic)
  }

  async ensureTopics(topics: readonly string[]): Promise<void> {
    this.#checkOpen()
    this.#db.ensureTopics(topics)
  }

  close(): Promise<void> {
    this.#drained ??= this.#drainAndClose()
    return this.#drained
  }

  async #drainAndClose(): Promise<void> {
    while (!this.#queue.isEmpty) await new Promise(setImmediate)
    try {
      this.#db.close()
    } finally {
      this.#lock?.release()
      this.#watch.wakeAll()
    }
  }

  #readUnlessFault(
    topic: string,
    from: number,
    strangersMsMax: number,
  ): readonly LogEntry[] | 'passing fault' {
    checkReadRange(from, 1)
    this.#checkOpen()
    try {
      return this.#db.read(topic, from, LIMITS.followBatchEntriesMax, strangersMsMax)
    } catch (error) {
      if (error instanceof LogUnavailable && canPass(error.cause)) return 'passing fault'
      throw error
    }
  }

  #scheduleCommit(): void {
    if (this.#commitScheduled) return
    this.#commitScheduled = true
    setImmediate(() => this.#commitBatch())
  }

  #commitBatch(): void {
    this.#commitScheduled = false
    const batch = this.#queue.takeBatch()
    if (!this.#queue.isEmpty) this.#scheduleCommit()
    try {
      const offsets = this.#db.append(batch)
      for (const [index, { resolve }] of batch.entries()) resolve(offsets[index] ?? [])
    } catch (error) {
      for (const { reject } of batch) reject(error)
      return
    }
    for (const topic of new Set(batch.map((append) => append.topic))) this.#watch.wake(topic)
  }

  #checkOpen(): void {
    if (this.#drained !== null) throw new LogUnavailable('the log is closed')
  }
}

/** Over at once when `signal` aborts; whoever waits looks at it next. */
const pause = (ms: number, signal: AbortSignal): Promise<unknown> =>
  setTimeout(ms, undefined, { signal }).catch(() => 'aborted')
