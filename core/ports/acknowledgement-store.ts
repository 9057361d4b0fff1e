import type { AgencyId } from '#core/agency.ts'
import type { AlertName } from '#core/alert.ts'
import type { Realm } from '#core/realm.ts'

/**
 * Which agencies have acknowledged which alerts, by the records of the access topic. Rebuilt from
 * that topic when lost. A call is seen by those after it at once. Rows and next offset go together:
 * a crash may take the last calls, but never one without those after it. A call that throws has
 * changed nothing.
 */
export interface AcknowledgementStore {
  /** The first offset of `topic` that was not applied; 0 for a new topic. */
  nextOffset(topic: string): number
  /** Adds what is not there and moves the offset. Throws a `RangeError`, for it is the caller's bug,
   * when that would go back, or when one does not lie between the old and the new one. */
  apply(topic: string, acknowledgements: readonly Acknowledgement[], nextOffset: number): void
  /** Sorted; empty for an alert that is not known. */
  agenciesOf(alert: AcknowledgedAlert): readonly AgencyId[]
  has(alert: AcknowledgedAlert, agency: AgencyId): boolean
  close(): void
}

/** An acknowledgement is of these bytes: of others under the same name it says nothing. */
export interface AcknowledgedAlert extends AlertName {
  readonly realm: Realm
  readonly digest: Uint8Array
}

export interface Acknowledgement extends AcknowledgedAlert {
  readonly agency: AgencyId
  /** Of its record. */
  readonly offset: number
}
