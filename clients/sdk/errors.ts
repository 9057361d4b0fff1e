/** What can go wrong between a client and a hub that it does not trust. */

export interface Problem {
  /** The HTTP status, 400–599. */
  readonly status: number
  /** Of `core/refusal.ts`; a newer hub may say codes that this client does not know. */
  readonly code: string
  readonly title: string
  readonly detail: string | null
  /** The policy's rules that forbade it, when the caller may know them. */
  readonly reasons: readonly string[]
  /** What the caller can do. */
  readonly remedy: string | null
  readonly requestId: string | null
  /** How long the hub asks to wait before the next try; null when it does not ask. */
  readonly retryAfterMs: number | null
}

/** The hub said no, in a problem document (RFC 9457). */
export class HubRefusal extends Error implements Problem {
  override readonly name = 'HubRefusal'
  readonly status: number
  readonly code: string
  readonly title: string
  readonly detail: string | null
  readonly reasons: readonly string[]
  readonly remedy: string | null
  readonly requestId: string | null
  readonly retryAfterMs: number | null

  constructor(problem: Problem) {
    super(`${problem.status} ${problem.code}: ${problem.detail ?? problem.title}`)
    this.status = problem.status
    this.code = problem.code
    this.title = problem.title
    this.detail = problem.detail
    this.reasons = problem.reasons
    this.remedy = problem.remedy
    this.requestId = problem.requestId
    this.retryAfterMs = problem.retryAfterMs
  }
}

/**
 * No answer came, or one of a proxy that did not reach the hub. What was asked for may have been
 * done all the same: sending the same bytes again is safe.
 */
export class HubUnreachable extends Error {
  override readonly name = 'HubUnreachable'
}

/** How a hub can break a promise. Codes are for ever; texts may change. */
export const MISBEHAVIOURS = {
  'answer-too-large': 'An answer is longer than any that the hub promises.',
  'answer-malformed': 'An answer is not of the published form.',
  'answer-differs': 'An answer is about something else than what was asked.',
  'token-unusable': 'The access token is not one for what was asked.',
  'record-differs': 'The access record that came is not of this act.',
  'record-replayed': 'The access record that came is older than the act.',
  'directory-gap': 'Entries of the directory are missing or out of order.',
  'directory-withheld': 'The hub knows entries of the directory that it does not give.',
  'directory-differs': 'The hub goes by another directory than the one it gives.',
  'log-unnamed': 'The directory names no access log.',
  'checkpoint-unverifiable': 'The checkpoint is not signed by the log that the directory names.',
  'tiles-missing': 'Tiles of a checkpoint that the log signed are not there.',
  'tiles-wrong': 'The tiles do not lead to the root that the log signed.',
} as const
export type MisbehaviourCode = keyof typeof MISBEHAVIOURS

/** The hub broke a promise. Nothing that came with it may be believed. */
export class HubMisbehaved extends Error {
  override readonly name = 'HubMisbehaved'
  readonly code: MisbehaviourCode
  /** Which field, index or value. */
  readonly detail: string

  constructor(code: MisbehaviourCode, detail: string) {
    super(`${MISBEHAVIOURS[code]} (${code}: ${detail})`)
    this.code = code
    this.detail = detail
  }
}
