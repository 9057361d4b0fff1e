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
`

const TOPIC_FEED_SQL = `
  SELECT number, offset, accepted_at_ms FROM alerts INDEXED BY feed
  WHERE topic_id = ? AND offset >= ?
    AND (? >> kind) & 1 AND (? >> precedence) & 1
    AND (expires_at_ms IS NULL OR expires_at_ms > ?)
    AND label_id IN (SELECT value FROM json_each(?))
  ORDER BY offset
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

export interface FeedStatements {
  /** One for each topic: a statement cannot be iterated twice at a time. */
  forTopic(topicId: number): StatementSync
}

export const prepareFeed = (db: DatabaseSync): FeedStatements => {
  const statements = new Map<number, StatementSync>()
  return {
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
  readonly feed: FeedStatements
}

/** Reads no further in any topic than one alert behind what is given. */
export const readPage = (
  state: PageState,
  query: PageQuery,
  alertOf: (number: number) => IndexedAlert,
): Page => {
  const merge = new LazyMerge<Row>((row) => integerIn(row, 'accepted_at_ms'))
  try {
    openFeeds(state, query, merge)
    const alerts: IndexedAlert[] = []
    let frameBytes = 0
    while (alerts.length < query.limit && frameBytes <= LIMITS.pageBytesMax) {
      const row = merge.take()
      if (row === null) break
      const alert = alertOf(integerIn(row, 'number'))
      alerts.push(alert)
      frameBytes += alert.frame.length
    }
    return { alerts, next: nextOffsets(state, query, merge.heads()) }
  } finally {
    merge.close()
  }
}

const openFeeds = (state: PageState, query: PageQuery, merge: LazyMerge<Row>): void => {
  const { filter } = query
  const allowed = state.labels.select(query.realm, query.labelIds, filter)
  const kinds = maskOf(KINDS, filter.kinds)
  const precedences = maskOf(PRECEDENCES, filter.precedences)
  for (const [topic, from] of query.from) {
    const id = state.topics.idOf(topic)
    if (id === null || from >= state.topics.nextOffset(topic)) continue
    const labelIds = state.labelsOfTopics.select(id, allowed)
    if (labelIds.length === 0) continue
    const ids = JSON.stringify(labelIds)
    const feed = state.feed.forTopic(id)
    merge.add(topic, feed.iterate(id, from, kinds, precedences, query.nowMs, ids))
  }
}

const nextOffsets = (
  state: PageState,
  { from }: PageQuery,
  heads: ReadonlyMap<string, Row>,
): ReadonlyMap<string, number> => {
  const next = new Map<string, number>()
  for (const [topic, offset] of from) {
    const head = heads.get(topic)
    // A cursor from a node that is ahead of this one must not be set back.
    const behindAll = Math.max(offset, state.topics.nextOffset(topic))
    next.set(topic, head === undefined ? behindAll : integerIn(head, 'offset'))
  }
  return next
}

/** A bit for each place in `table` that is wanted; all when `wanted` is null. */
const maskOf = <T>(table: readonly T[], wanted: readonly T[] | null): number =>
  table.reduce((mask, value, place) => {
    return wanted === null || wanted.includes(value) ? mask + 2 ** place : mask
  }, 0)
