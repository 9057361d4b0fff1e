import type { AgencyId } from '#core/agency.ts'
import type { PrincipalStanding } from '#core/directory/state.ts'
import type { Label } from '#core/label.ts'
import type { Realm } from '#core/realm.ts'

/** Decides by the active policy; says all reasons of a denial, not the first. */
export interface Policy {
  /** SHA-256 of the policy's text and schema: what the directory activates and records quote. */
  readonly digest: Uint8Array
  /** Pure: the same request and digest, the same decision. An error of the policy is a denial. */
  decide(request: PolicyRequest): Decision
}

export type PolicyAction = 'publish' | 'read' | 'search-own' | 'search-all'

export interface PolicyRequest {
  readonly action: PolicyAction
  readonly realm: Realm
  readonly principal: PrincipalStanding
  /** For `publish` and `read`: the alert's origin and label. Null for the searches. */
  readonly alert: { readonly origin: AgencyId; readonly label: Label } | null
}

export type Decision =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly reasons: readonly DenialReason[] }

/** The ids of the policy's rules, sorted; `policy-error` when it could not be evaluated. */
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
