import { DatabaseSync, type StatementSync } from 'node:sqlite'
import {
  checkComplete,
  checkSchema,
  prepareForWriting,
  topicTableSql,
} from '#adapters/sqlite/log-schema.ts'
import { LogTails } from '#adapters/sqlite/log-tails.ts'
import { committedNothing, isSqliteFault } from '#adapters/sqlite/sqlite-fault.ts'
import { LIMITS } from '#core/limits.ts'
import {
  type LogEntry,
  LogUnavailable,
  OffsetGone,
  OutcomeUnknown,
  TopicMisconfigured,
  UnknownTopic,
} from '#core/ports/message-log.ts'

/** The wait blocks the event loop. Only a stranger's lock is ever held for so long. */
const LOCK_WAIT_MS = 250

/**
 * The log's database through one connection: every method is one whole transaction and blocks
 * until it is over, so no reader of this process can see what is not durable.
 */
export class LogDatabase {
  readonly #db: DatabaseSync
  readonly #readOnly: boolean
  readonly #tables = new Map<string, TopicTable>()
  readonly #tails = new LogTails()
  #tailsVersion = 0
  #tailsCheckedAtMs = Number.NEGATIVE_INFINITY
  readonly #begin: StatementSync
  readonly #commit: StatementSync
  readonly #version: StatementSync

  constructor(path: string, { readOnly }: { readonly readOnly: boolean }) {
    if (readOnly) checkComplete(path)
    this.#db = new DatabaseSync(path, { readOnly, timeout: LOCK_WAIT_MS })
    this.#readOnly = readOnly
    try {
      if (readOnly) checkSchema(this.#db)
      else prepareForWriting(this.#db)
      this.#begin = this.#db.prepare('BEGIN IMMEDIATE')
      this.#commit = this.#db.prepare('COMMIT')
      this.#version = this.#db.prepare('PRAGMA data_version')
    } catch (error) {
      this.#db.close()
      throw error
    }
  }

  /** Appends all in one durable transaction, or throws for all: `LogUnavailable` or
   * `OutcomeUnknown`. Gives the offsets of each. */
  append(appends: readonly TableAppend[]): number[][] {
    const offsets = this.#transaction(() => insertAll(appends))
    for (const [at, { table, entries }] of appends.entries()) {
      const first = offsets[at]?.[0]
      if (first !== undefined) this.#tails.add(table.topic, first, entries)
    }
    return offsets
  }

  /** What another connection did to entries is seen after `strangersMsMax` at the latest. */
  read(topic: string, from: number, limit: number, strangersMsMax = 0): LogEntry[] {
    return reading(() => {
      const table = this.table(topic)
      this.#lookForStrangers(strangersMsMax)
      return this.#tails.read(topic, from, limit) ?? this.#readTable(table, { from, limit })
    })
  }

  #lookForStrangers(msMax: number): void {
    const nowMs = performance.now()
    if (nowMs - this.#tailsCheckedAtMs < msMax) return
    const version = this.dataVersion()
    if (version !== this.#tailsVersion) this.#tails.forgetAll()
    this.#tailsVersion = version
    this.#tailsCheckedAtMs = nowMs
  }

  #readTable(
    table: TopicTable,
    { from, limit }: { readonly from: number; readonly limit: number },
  ): LogEntry[] {
    const { topic } = table
    const entries: LogEntry[] = []
    let bytes = 0
    for (const row of table.from.iterate(from, limit)) {
      const entry = entryOf(row)
      bytes += entry.value.length
      if (entry.offset !== from + entries.length) {
        if (entries.length > 0) break
        throw new OffsetGone(`${topic} has no entry ${from}; the next is ${entry.offset}`)
      }
      if (entries.length > 0 && bytes > LIMITS.readBytesMax) break
      entries.push(entry)
    }
    if (entries.length === 0 && from > headOf(table)) {
      throw new OffsetGone(`${topic} ends before ${from}`)
    }
    return entries
  }

  head(topic: string): number {
    return reading(() => headOf(this.table(topic)))
  }

  /** Throws `UnknownTopic`, `LogUnavailable`. A topic once found is never looked up again: none is ever removed. */
  table(topic: string): TopicTable {
    const known = this.#tables.get(topic)
    if (known !== undefined) return known
    const table = reading(() => this.#findTable(topic))
    this.#tables.set(topic, table)
    return table
  }

  #findTable(topic: string): TopicTable {
    const id = this.#topicId(topic)
    if (id === null) throw new UnknownTopic(topic)
    return {
      topic,
      insert: this.#db.prepare(`INSERT INTO topic_${id} (offset, value) VALUES (?, ?)`),
      from: this.#db.prepare(
        `SELECT offset, value FROM topic_${id} WHERE offset >= ? ORDER BY offset LIMIT ?`,
      ),
      last: this.#db.prepare(`SELECT max(offset) AS last FROM topic_${id}`),
    }
  }

  ensureTopics(topics: readonly string[]): void {
    const missing = reading(() => topics.filter((topic) => this.#topicId(topic) === null))
    if (missing.length > 0) this.#createTopics([...new Set(missing)])
    for (const topic of topics) reading(() => this.#checkTopic(topic))
  }

  /** Changes when another connection has committed. */
  dataVersion(): number {
    return Number(this.#version.get()?.['data_version'])
  }

  close(): void {
    if (!this.#readOnly) this.#leaveOneFile()
    this.#db.close()
  }

  #createTopics(topics: readonly string[]): void {
    if (this.#readOnly) {
      throw new TopicMisconfigured(`missing, and the log is open to read only: ${topics.join(' ')}`)
    }
    this.#transaction(() => {
      const name = this.#db.prepare('INSERT INTO topics (name) VALUES (?)')
      for (const topic of topics) {
        this.#db.exec(topicTableSql(Number(name.run(topic).lastInsertRowid)))
      }
    })
  }

  /** A trigger on the table, say, could remove entries. */
  #checkTopic(topic: string): void {
    const id = Number(this.#topicId(topic))
    const objects = this.#db
      .prepare('SELECT sql FROM sqlite_schema WHERE tbl_name = ?')
      .all(`topic_${id}`)
    if (objects.length !== 1 || objects[0]?.['sql'] !== topicTableSql(id)) {
      throw new TopicMisconfigured(`the table of ${topic} is not as it was created`)
    }
  }

  #topicId(topic: string): number | null {
    const row = this.#db.prepare('SELECT id FROM topics WHERE name = ?').get(topic)
    return row === undefined ? null : Number(row['id'])
  }

  #transaction<Result>(act: () => Result): Result {
    let result: Result
    try {
      // A roll-back that failed is made up for here.
      this.#rollBack()
      this.#begin.run()
      result = act()
    } catch (error) {
      this.#tryRollBack()
      throw new LogUnavailable('the transaction was rolled back', { cause: error })
    }
    try {
      this.#commit.run()
    } catch (error) {
      this.#tryRollBack()
      if (committedNothing(error)) throw new LogUnavailable('no commit', { cause: error })
      throw new OutcomeUnknown('the commit failed half-way', { cause: error })
    }
    return result
  }

  #rollBack(): void {
    if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
  }

  #tryRollBack(): void {
    try {
      this.#rollBack()
    } catch {
      // The fault that led here is the one to report; the next transaction rolls back first.
    }
  }

  /** A database without a write-ahead log can be read by one who may create no file beside it. */
  #leaveOneFile(): void {
    try {
      this.#db.exec('PRAGMA journal_mode = DELETE')
    } catch {
      this.#tryCheckpoint()
    }
  }

  /** While another process reads, the write-ahead log stays: emptied, or whole if that fails too. */
  #tryCheckpoint(): void {
    try {
      this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    } catch {
      // Every entry is durable in the write-ahead log, and the next writer takes it from there.
    }
  }
}

export interface TopicTable {
  readonly topic: string
  readonly insert: StatementSync
  readonly from: StatementSync
  readonly last: StatementSync
}

export interface TableAppend {
  readonly table: TopicTable
  readonly entries: readonly Uint8Array[]
}

const insertAll = (appends: readonly TableAppend[]): number[][] => {
  const heads = new Map<TopicTable, number>()
  return appends.map(({ table, entries }) => {
    const first = heads.get(table) ?? headOf(table)
    heads.set(table, first + entries.length)
    return entries.map((entry, index) => {
      table.insert.run(first + index, entry)
      return first + index
    })
  })
}

const headOf = (table: TopicTable): number => {
  const last = table.last.get()?.['last']
  return typeof last === 'number' ? last + 1 : 0
}

const entryOf = ({ offset, value }: Record<string, unknown>): LogEntry => {
  if (typeof offset === 'number' && value instanceof Uint8Array) return { offset, value }
  throw new TypeError('a row of a topic is an offset and its bytes')
}

const reading = <Result>(act: () => Result): Result => {
  try {
    return act()
  } catch (error) {
    if (isSqliteFault(error)) throw new LogUnavailable('cannot read', { cause: error })
    throw error
  }
}
