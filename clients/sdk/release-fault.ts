import type { AlertName } from '#core/alert.ts'

/** Why something that the hub handed out as a released alert is not one. */
export const RELEASE_FAULTS = {
  'item-malformed': 'What came is not of the published form.',
  'alert-unreadable': 'The signed bytes are no signed alert with a meaning.',
  'other-alert': 'The signed alert is not the one that was named.',
  'other-realm': 'The signed alert is of another realm.',
  'stamp-unreadable': 'The stamp is none.',
  'stamp-differs': 'The stamp is of other bytes.',
  'directory-behind': 'The hub judged by entries of the directory that it does not give.',
  'directory-differs': 'The hub judged by another directory than the one it gives.',
  'signature-refused': 'Not all signatures were good, by the directory of that moment.',
  'key-compromised': 'A key that signed was compromised before the alert was accepted.',
  'record-unreadable': 'The access record is none.',
  'record-differs': 'The access record is not of this release.',
  'record-replayed': 'The access record is older than the request.',
  'record-before-publication': 'The release was recorded before the publication.',
} as const
export type ReleaseFaultCode = keyof typeof RELEASE_FAULTS

/** An item that failed verification. Never show its content as an alert. */
export interface ReleaseFault {
  readonly ok: false
  readonly fault: ReleaseFaultCode
  /** Which field or code. */
  readonly detail: string | null
  /** Which alert it is said to be; null when not even that is known. */
  readonly name: AlertName | null
  /** What came, untouched: the evidence. */
  readonly evidence: unknown
}
