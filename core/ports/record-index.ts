import type { AccessAction, AccessOutcome } from '#core/access-record.ts'
import type { AgencyId } from '#core/agency.ts'
import type { AlertName } from '#core/alert.ts'
import type { PrincipalId } from '#core/principal.ts'
import type { Realm } from '#core/realm.ts'

/**
 * A searchable view over the access log; the bytes stay in the log. Rebuilt from it when lost. A
 * call is seen by those after it at once. Rows and next index go together: a crash may take the
 * last of both, and the log gives them again. A call that throws has changed nothing.
 */
export interface RecordIndex {
  /** The first leaf index that was not applied. */
  nextIndex(): number
  /** `rows` are for consecutive leaves from `nextIndex()` on: else a `RangeError`, for it is the
   * caller's bug. */
  apply(rows: readonly RecordRow[]): void
  /** Leaf indexes of matching records below `before`, highest first; at most `limit`. */
  search(query: RecordQuery): readonly number[]
  close(): void
}

/** What is searchable of one leaf; `record` is null for an unreadable one. */
export interface RecordRow {
  readonly index: number
  readonly record: {
    readonly timeMs: number
    readonly realm: Realm
    readonly principal: PrincipalId | null
    readonly agency: AgencyId | null
    readonly action: AccessAction
    readonly outcome: AccessOutcome
    readonly alert: AlertName | null
  } | null
}

/** All that is not null must match: an unreadable leaf is found only when all is null. */
export interface RecordQuery {
  /** Whose records may be seen at all: of its principals or about its alerts. Null: everyone's. */
  readonly visibleTo: AgencyId | null
  readonly realm: Realm | null
  readonly principal: PrincipalId | null
  readonly agency: AgencyId | null
  readonly alert: AlertName | null
  readonly action: AccessAction | null
  readonly outcome: AccessOutcome | null
  /** By the record's own time: from (inclusive) and to (exclusive). */
  readonly fromMs: number | null
  readonly toMs: number | null
  readonly before: number
  readonly limit: number
}
