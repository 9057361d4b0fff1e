import type { AuthenticatedCaller } from '#adapters/http/caller.ts'
import { type Classification, rankOf } from '#core/classification.ts'
import type { Decision } from '#core/ports/policy.ts'
import type { RefusalCode } from '#core/refusal.ts'

/** What the policy says, and what the connection adds to it. */
export type Verdict =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly reasons: readonly string[] }

export const TOKEN_UNBOUND = 'token-unbound' satisfies RefusalCode

/** From this level on a hub with TLS gives and takes nothing under a token that is not bound. */
const BOUND_FROM: Classification = 'SECRET'

/** Whether this caller's token is good enough for a level; null: a level that is not known. */
export const isBoundFor = (
  { isTokenUnbound }: AuthenticatedCaller,
  classification: Classification | null,
): boolean =>
  !isTokenUnbound || (classification !== null && rankOf(classification) < rankOf(BOUND_FROM))

/**
 * The policy speaks of who may see what; this of whether it is still they who ask. So it is no rule
 * of the policy: it only ever adds a reason to deny (docs/adr/0020).
 */
export const overConnection = (
  caller: AuthenticatedCaller,
  classification: Classification,
  decision: Decision,
): Verdict => {
  if (isBoundFor(caller, classification)) return decision
  const reasons = decision.allowed ? [] : decision.reasons
  return { allowed: false, reasons: [...reasons, TOKEN_UNBOUND].sort() }
}
