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

/** What an action is about, and so what its request names. */
export const POLICY_ACTIONS = {
  acknowledge: 'label',
  directory: 'directory',
  'directory-enter': 'directory',
  export: 'label',
  preview: 'label',
  'prove-own': 'access-log',
  publish: 'label',
  read: 'label',
  'search-all': 'access-log',
  'search-own': 'access-log',
  status: 'name',
} as const
export type PolicyAction = keyof typeof POLICY_ACTIONS

export interface PolicyRequest {
  readonly action: PolicyAction
  readonly realm: Realm
  readonly principal: PrincipalStanding
  /**
   * The alert's origin and label, for `preview` those that it would have; for `status`, which asks
   * by name, its origin without a label. Null for actions about the access log or the directory.
   */
  readonly alert: { readonly origin: AgencyId; readonly label: Label | null } | null
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
  'live-only',
  'missing-caveat',
  'not-for-court',
  'not-for-export',
  'not-own-agency',
  'not-releasable',
  'originator-only',
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
