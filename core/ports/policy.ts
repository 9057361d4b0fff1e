import type { AgencyId } from '#core/agency.ts'
import type { PrincipalStanding } from '#core/directory/state.ts'
import type { Label } from '#core/label.ts'
import type { Realm } from '#core/realm.ts'

/** Decides by the active policy; says all reasons of a denial, not the first. */
export interface Policy {
  /** Of the policy's files (`core/policy-files.ts`): what the directory activates, records quote. */
  readonly digest: Uint8Array
  /**
   * Pure: the same request and digest, the same decision. Never throws: what cannot be evaluated
   * is denied as `policy-error`. The decision is frozen and shared by all who ask the same.
   */
  decide(request: PolicyRequest): Decision
}

export type PolicyAction =
  | 'acknowledge'
  | 'preview'
  | 'publish'
  | 'read'
  | 'search-own'
  | 'search-all'

export interface PolicyRequest {
  readonly action: PolicyAction
  readonly realm: Realm
  readonly principal: PrincipalStanding
  /** The alert's origin and label, for `preview` those that it would have. Null for the searches. */
  readonly alert: { readonly origin: AgencyId; readonly label: Label } | null
}

export type Decision =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly reasons: readonly DenialReason[] }

/**
 * The ids of the policy's rules, sorted. `policy-error` is no rule's: it stands alone, when the
 * request could not be evaluated or when nothing permits it and no rule says why.
 */
export const DENIAL_REASONS = [
  'above-agency-ceiling',
  'clearance-too-low',
  'missing-caveat',
  'not-own-agency',
  'not-releasable',
  'outside-jurisdiction',
  'persons-only',
  'policy-error',
  'role-missing',
  'suspended',
] as const
export type DenialReason = (typeof DENIAL_REASONS)[number]
export const isDenialReason = (name: string): name is DenialReason =>
  DENIAL_REASONS.some((reason) => reason === name)

/** The texts are no policy: the message names the file or rule, and what is wrong with it. */
export class PolicyInvalid extends Error {
  override readonly name = 'PolicyInvalid'
}
