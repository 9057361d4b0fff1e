import type { AlertName } from '#core/alert.ts'
import type { Realm } from '#core/realm.ts'

/**
 * A view over intake topics: which bytes an (origin, id) stands for. Rebuilt from the topics when
 * lost. A call is seen by those after it at once. Rows and next offset go together: a crash may
 * take the last calls (`LIMITS.viewUncommittedMsMax` of them, in time), but never one without those
 * after it, so the topic gives again exactly what is missing. A call that throws has changed
 * nothing.
 */
export interface IntakeStore {
  /** The first offset of `topic` that was not applied; 0 for a new topic. */
  nextOffset(topic: string): number
  find(realm: Realm, name: AlertName): IntakeRow | null
  /**
   * Adds the rows whose (realm, origin, id) is not there (the first wins), moves the offset. Throws
   * a `RangeError`, for it is the caller's bug, when that would go back, or when a row does not lie
   * between the old and the new one.
   */
  apply(topic: string, rows: readonly IntakeRow[], nextOffset: number): void
  /** Marks an alert as dead-lettered, or as routed to these topics. Unknown alerts: no effect. */
  setFate(realm: Realm, name: AlertName, fate: IntakeFate): void
  close(): void
}

export interface IntakeRow extends AlertName {
  readonly realm: Realm
  readonly offset: number
  readonly digest: Uint8Array
  readonly publishRecordIndex: number
  readonly acceptedAtMs: number
  readonly fate: IntakeFate | null
}

export type IntakeFate =
  | { readonly state: 'routed'; readonly topics: readonly string[] }
  | { readonly state: 'dead-lettered'; readonly why: string }
