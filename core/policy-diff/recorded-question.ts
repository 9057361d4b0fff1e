import type { AccessAction, AccessRecord } from '#core/access-record.ts'
import type { AgencyId } from '#core/agency.ts'
import type { AlertName } from '#core/alert.ts'
import { isDenialReason } from '#core/ports/policy.ts'

/** What a policy was asked, as far as a record says. */
export type Question =
  | {
      readonly about: 'label'
      readonly action: 'acknowledge' | 'export' | 'publish' | 'read'
      readonly alert: AlertName & { readonly digest: Uint8Array }
    }
  | { readonly about: 'name'; readonly origin: AgencyId }
  /** To read the directory or to enter something: the record does not say which. */
  | { readonly about: 'directory' }
  | { readonly about: 'access-log' }

/** Why what a record tells of is asked of no policy again. */
export const NOT_REPLAYED = {
  unreadable: 'the leaf is no record that can be read',
  'no-policy': 'no policy is asked: tokens, dead letters, acts of a service',
  'other-refusal': 'refused for another reason than a policy’s: form, time, key, rate, standing',
  'not-found': 'named an alert that was not found',
  'no-label': 'a preview: no record says of which label',
  'no-directory': 'names no head of the directory',
  'directory-unknown': 'names a head of the directory that the topic does not have',
  'alert-not-there': 'its alert is in no intake topic, as of a publication that was refused',
  'alert-erased': 'the alert’s seal key was destroyed',
  'alert-unreadable': 'the alert’s frame cannot be read with the seal keys and schemas here',
} as const
export type NotReplayed = keyof typeof NOT_REPLAYED

/** A rule of the connection, not of any policy: whatever a policy says, it stands beside that. */
export const CONNECTION_REASON = 'token-unbound'

/** Pure. What another than the policy refused is not asked again: no policy changes it. */
export const questionOf = (record: AccessRecord): Question | NotReplayed => {
  const { action, principal, outcome, reasons } = record
  if (principal === null || UNASKED.includes(action)) return 'no-policy'
  if (action === 'PREVIEW') return 'no-label'
  if (action === 'SEARCH' || action === 'PROOF') {
    const others = reasons.filter((reason) => reason !== 'not-found')
    return isOtherwise(others) ? 'other-refusal' : { about: 'access-log' }
  }
  if (outcome !== 'ALLOWED' && reasons.includes('not-found')) return 'not-found'
  if (outcome !== 'ALLOWED' && isOtherwise(reasons)) return 'other-refusal'
  // An entry’s carrier without the role is refused by the directory’s law.
  if (action === 'DIRECTORY') {
    return reasons.includes('role-missing') ? 'other-refusal' : { about: 'directory' }
  }
  return questionAboutAlert(record)
}

const UNASKED: readonly AccessAction[] = ['TOKEN', 'DEAD_LETTER', 'POLICY']

const questionAboutAlert = ({ action, alert }: AccessRecord): Question | NotReplayed => {
  if (alert === null || !isAboutLabel(action)) return 'other-refusal'
  const { origin, id, digest } = alert
  if (digest !== null) {
    return { about: 'label', action: ABOUT_LABEL[action], alert: { origin, id, digest } }
  }
  // Of an alert that was found, only its status is asked without its digest.
  return action === 'READ' ? { about: 'name', origin } : 'not-found'
}

const ABOUT_LABEL = {
  PUBLISH: 'publish',
  RELEASE: 'read',
  READ: 'read',
  EXPORT: 'export',
  ACKNOWLEDGE: 'acknowledge',
} as const
const isAboutLabel = (action: AccessAction): action is keyof typeof ABOUT_LABEL =>
  Object.hasOwn(ABOUT_LABEL, action)

const isOtherwise = (reasons: readonly string[]): boolean =>
  reasons.some((reason) => reason !== CONNECTION_REASON && !isDenialReason(reason))
