import type { AgencyId } from '#core/agency.ts'
import type { AlertName } from '#core/alert.ts'
import type { Kind } from '#core/kind.ts'
import type { Label } from '#core/label.ts'
import type { Precedence, Urgent } from '#core/precedence.ts'
import type { Realm } from '#core/realm.ts'
import type { Uuid } from '#core/uuid.ts'

/**
 * A view over the alert topics, keyed by (realm, origin, id): what this node can release. Rebuilt
 * from the topics when lost. A call is seen by those after it at once. Alerts and next offset go
 * together: a crash may take the last calls, but never one without those after it. A call that
 * throws has changed nothing.
 */
export interface AlertIndex {
  /** The first offset of `topic` that was not applied; 0 for a new topic. */
  nextOffset(topic: string): number
  /**
   * Adds the alerts whose (realm, origin, id) is not there (the first wins) with what they say of
   * earlier ones, whether those are there or come later; moves the offset.
   * Throws a `RangeError`, for it is the caller's bug, when that would go back, or when an alert
   * does not lie between the old and the new one.
   */
  apply(topic: string, alerts: readonly NewAlert[], nextOffset: number): void
  find(realm: Realm, name: AlertName): IndexedAlert | null
  /**
   * The alerts that recall this one, by acceptance: of its origin, with its digest and exactly its
   * label. Also those that came before it. None recalls a recall.
   */
  recallsOf(alert: IndexedAlert): readonly Uuid[]
  /** The first to be accepted of those that supersede it; null when none does. */
  supersededBy(alert: IndexedAlert): Uuid | null
  /** The recalls, as in `recallsOf`, of alerts that are here; newest first. */
  recalls(query: RecallsQuery): Recalls
  /** The same object for as long as `recalls` gives the same. */
  recallsMark(): object
  /** Without their frames, the last accepted first. */
  urgent(query: UrgentQuery): readonly UrgentAlert[]
  /**
   * The distinct (origin, label) pairs of a realm: policy decides on each of these once. Ids stay
   * the same as long as the index is open, and are never those of another realm's labels.
   */
  labels(realm: Realm): readonly IndexedLabel[]
  /**
   * Alerts with one of `labelIds` and the filter's properties, not expired at `nowMs`: within a
   * topic by offset; topics with a FLASH among these go first, up to and with that FLASH, otherwise
   * topics by acceptance time of what is next in them; at most `limit`, and none after the one with
   * which their frames pass `LIMITS.pageBytesMax`. `from` gives for each topic to read the first
   * offset of interest; the other topics are not read. An alert that expires at `nowMs` is expired.
   */
  page(query: PageQuery): Page
  close(): void
}

export interface NewAlert extends AlertName {
  readonly realm: Realm
  readonly offset: number
  readonly digest: Uint8Array
  readonly label: Label
  readonly kind: Kind
  readonly precedence: Precedence
  readonly acceptedAtMs: number
  readonly expiresAtMs: number | null
  readonly frame: Uint8Array
  /** What it says of earlier alerts of its origin. */
  readonly marks: readonly Mark[]
}

export interface Mark {
  readonly relation: 'RECALLS' | 'SUPERSEDES'
  readonly id: Uuid
  readonly digest: Uint8Array
}

export interface RecallsQuery {
  readonly realm: Realm
  /** Those accepted before are left out. */
  readonly sinceMs: number
  readonly labelIds: readonly number[]
  readonly limit: number
}

export interface Recalls {
  readonly recalls: readonly IndexedRecall[]
  /** Whether there are more. */
  readonly isCut: boolean
}

/** The alert that recalls, and what it recalls under the same label. */
export interface IndexedRecall extends AlertName {
  readonly digest: Uint8Array
  readonly label: Label
  readonly acceptedAtMs: number
  readonly recalls: { readonly id: Uuid; readonly digest: Uint8Array }
}

export interface UrgentQuery {
  readonly realm: Realm
  readonly precedence: Urgent
  /** Of those accepted within these times, both included. */
  readonly fromMs: number
  readonly untilMs: number
  readonly limit: number
}

export interface UrgentAlert
  extends Omit<IndexedAlert, 'frame' | 'kind' | 'topic' | 'offset' | 'precedence'> {
  readonly precedence: Urgent
}

export interface IndexedAlert extends Omit<NewAlert, 'marks'> {
  /** Its home topic: where it stands in the feed. */
  readonly topic: string
  readonly labelId: number
}

export interface IndexedLabel {
  readonly id: number
  readonly origin: AgencyId
  readonly label: Label
}

export interface PageQuery {
  readonly realm: Realm
  readonly from: ReadonlyMap<string, number>
  readonly labelIds: readonly number[]
  readonly filter: FeedFilter
  readonly nowMs: number
  readonly limit: number
}

/** Null: any. Lists are of alternatives. */
export interface FeedFilter {
  readonly jurisdictions: readonly string[] | null
  readonly classifications: readonly string[] | null
  readonly precedences: readonly Precedence[] | null
  readonly kinds: readonly Kind[] | null
  readonly origins: readonly AgencyId[] | null
}

export interface Page {
  readonly alerts: readonly IndexedAlert[]
  /**
   * For each topic in `from` the offset to go on from: that of the next alert to be given; behind
   * all that is indexed where nothing more of that topic is to be given now. Never before `from`.
   */
  readonly next: ReadonlyMap<string, number>
}
