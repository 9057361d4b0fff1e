import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { AlertLabels } from '#adapters/sqlite/alert-labels.ts'
import { LazyMerge } from '#adapters/sqlite/lazy-merge.ts'
import { integerIn, type Row } from '#adapters/sqlite/row.ts'
import type { ViewTopics } from '#adapters/sqlite/view-topics.ts'
import { KINDS } from '#core/kind.ts'
import { LIMITS } from '#core/limits.ts'
import type { IndexedAlert, Page, PageQuery } from '#core/ports/alert-index.ts'
import { PRECEDENCES } from '#core/precedence.ts'

/** Holds all that a page looks at, so that passing over an alert never touches the alert. */
export const FEED_SQL = `
  CREATE INDEX feed ON alerts (
    topic_id, offset, label_id, kind, precedence, accepted_at_ms, expires_at_ms
  );
  CREATE INDEX flashes ON alerts (
    topic_id, offset, label_id, kind, expires_at_ms
  ) WHERE precedence = ${PRECEDENCES.indexOf('FLASH')};
`

const TOPIC_FEED_SQL = `
  SELECT number, offset, accepted_at_ms FROM alerts INDEXED BY feed
  WHERE topic_id = ? AND offset >= ?
    AND (? >> kind) & 1 AND (? >> precedence) & 1
    AND (expires_at_ms IS NULL OR expires_at_ms > ?)
    AND label_id IN (SELECT value FROM json_each(?))
  ORDER BY offset
`

const NEXT_FLASH_SQL = `
  SELECT offset FROM alerts INDEXED BY flashes
  WHERE precedence = ${PRECEDENCES.indexOf('FLASH')} AND topic_id = ? AND offset >= ?
    AND (? >> kind) & 1
    AND (expires_at_ms IS NULL OR expires_at_ms > ?)
    AND label_id IN (SELECT value FROM json_each(?))
  ORDER BY offset LIMIT 1
`

/** Which labels there are in a topic. In memory: most readers need not look into most topics. */
export class AlertTopics {
  readonly #labels = new Map<number, Set<number>>()

  constructor(db: DatabaseSync) {
    for (const row of db.prepare('SELECT DISTINCT topic_id, label_id FROM alerts').all()) {
      this.add(integerIn(row, 'topic_id'), integerIn(row, 'label_id'))
    }
  }

  add(topicId: number, labelId: number): void {
    const labels = this.#labels.get(topicId) ?? new Set()
    this.#labels.set(topicId, labels.add(labelId))
  }

  /** Those labels of the topic that are among `allowed`. */
  select(topicId: number, allowed: ReadonlySet<number>): readonly number[] {
    return [...(this.#labels.get(topicId) ?? [])].filter((label) => allowed.has(label))
  }
}

/** Where the last FLASH of a topic stands. In memory: for most pages there is none to come. */
export class LastFlashes {
  readonly #offsets = new Map<number, number>()

  constructor(db: DatabaseSync) {
    const sql = `
      SELECT topic_id, MAX(offset) AS offset FROM alerts INDEXED BY flashes
      WHERE precedence = ${PRECEDENCES.indexOf('FLASH')} GROUP BY topic_id
    `
    for (const row of db.prepare(sql).all()) {
      this.#offsets.set(integerIn(row, 'topic_id'), integerIn(row, 'offset'))
    }
  }

  /** To be called for each alert that comes into the index, in the order of its topic. */
  add(topicId: number, { precedence, offset }: Pick<IndexedAlert, 'precedence' | 'offset'>): void {
    if (precedence === 'FLASH') this.#offsets.set(topicId, offset)
  }

  mayWait(topicId: number, from: number): boolean {
    return (this.#offsets.get(topicId) ?? -1) >= from
  }
}

export interface FeedStatements {
  /** One for each topic: a statement cannot be iterated twice at a time. */
  forTopic(topicId: number): StatementSync
  readonly nextFlash: StatementSync
}

export const prepareFeed = (db: DatabaseSync): FeedStatements => {
  const statements = new Map<number, StatementSync>()
  return {
    nextFlash: db.prepare(NEXT_FLASH_SQL),
    forTopic: (topicId) => {
      const statement = statements.get(topicId) ?? db.prepare(TOPIC_FEED_SQL)
      statements.set(topicId, statement)
      return statement
    },
  }
}

interface PageState {
  readonly topics: ViewTopics
  readonly labels: AlertLabels
  readonly labelsOfTopics: AlertTopics
  readonly lastFlashes: LastFlashes
  readonly feed: FeedStatements
}

interface Waiting {
  readonly row: Row
  /** It is a FLASH, or stands before one in its topic. */
  readonly isUrgent: boolean
}

/** Reads no further in any topic than one alert behind what is given. */
export const readPage = (
  state: PageState,
  query: PageQuery,
  alertOf: (number: number) => IndexedAlert,
): Page => {
  const merge = new LazyMerge<Waiting>(rankOf)
  try {
    openFeeds(state, query, merge)
    const alerts: IndexedAlert[] = []
    let frameBytes = 0
    while (alerts.length < query.limit && frameBytes <= LIMITS.pageBytesMax) {
      const waiting = merge.take()
      if (waiting === null) break
      const alert = alertOf(integerIn(waiting.row, 'number'))
      alerts.push(alert)
      frameBytes += alert.frame.length
    }
    return { alerts, next: nextOffsets(state, query, merge.heads()) }
  } finally {
    merge.close()
  }
}

/** What is urgent before all else, each by acceptance. */
const rankOf = ({ row, isUrgent }: Waiting): number =>
  integerIn(row, 'accepted_at_ms') - (isUrgent ? Number.MAX_SAFE_INTEGER : 0)

const openFeeds = (state: PageState, query: PageQuery, merge: LazyMerge<Waiting>): void => {
  const { filter, nowMs } = query
  const allowed = state.labels.select(query.realm, query.labelIds, filter)
  const kinds = maskOf(KINDS, filter.kinds)
  const precedences = maskOf(PRECEDENCES, filter.precedences)
  const wantsFlash = filter.precedences === null || filter.precedences.includes('FLASH')
  for (const [topic, from] of query.from) {
    const id = state.topics.idOf(topic)
    if (id === null || from >= state.topics.nextOffset(topic)) continue
    const labelIds = state.labelsOfTopics.select(id, allowed)
    if (labelIds.length === 0) continue
    const ids = JSON.stringify(labelIds)
    const rows = state.feed.forTopic(id).iterate(id, from, kinds, precedences, nowMs, ids)
    const nextFlash = (offset: number): number | null => {
      if (!wantsFlash || !state.lastFlashes.mayWait(id, offset)) return null
      const row = state.feed.nextFlash.get(id, offset, kinds, nowMs, ids)
      return row === undefined ? null : integerIn(row, 'offset')
    }
    merge.add(topic, waitingIn(rows, nextFlash))
  }
}

/** Asks for the next FLASH of a topic only where it may be another than for the row before. */
function* waitingIn(
  rows: Iterable<Row>,
  nextFlash: (from: number) => number | null,
): Generator<Waiting, void> {
  let flash: number | null = -1
  for (const row of rows) {
    const offset = integerIn(row, 'offset')
    if (flash !== null && flash < offset) flash = nextFlash(offset)
    yield { row, isUrgent: flash !== null }
  }
}

const nextOffsets = (
  state: PageState,
  { from }: PageQuery,
  heads: ReadonlyMap<string, Waiting>,
): ReadonlyMap<string, number> => {
  const next = new Map<string, number>()
  for (const [topic, offset] of from) {
    const head = heads.get(topic)
    // A cursor from a node that is ahead of this one must not be set back.
    const behindAll = Math.max(offset, state.topics.nextOffset(topic))
    next.set(topic, head === undefined ? behindAll : integerIn(head.row, 'offset'))
  }
  return next
}

/** A bit for each place in `table` that is wanted; all when `wanted` is null. */
const maskOf = <T>(table: readonly T[], wanted: readonly T[] | null): number =>
  table.reduce((mask, value, place) => {
    return wanted === null || wanted.includes(value) ? mask + 2 ** place : mask
  }, 0)
