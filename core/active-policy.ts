import { equalBytes } from '#core/bytes.ts'
import type { Decision, Policy, PolicyRequest } from '#core/ports/policy.ts'

const POLICY_ERROR: Decision = Object.freeze({
  allowed: false,
  reasons: Object.freeze(['policy-error'] as const),
})

/**
 * Of the policies that this node holds, the one that the directory has activated decides: so an
 * operator lays the next one beside the present one, and the entry of the root keys switches all
 * nodes. While it is none of them, this has the first one's digest, by which whoever compares it
 * with the directory's sees as much, and denies everything.
 */
export class ActivePolicy implements Policy {
  private readonly policies: readonly [Policy, ...Policy[]]
  private readonly activeDigest: () => Uint8Array | null

  constructor(policies: readonly [Policy, ...Policy[]], activeDigest: () => Uint8Array | null) {
    this.policies = policies
    this.activeDigest = activeDigest
  }

  get digest(): Uint8Array {
    return (this.active() ?? this.policies[0]).digest
  }

  decide(request: PolicyRequest): Decision {
    return this.active()?.decide(request) ?? POLICY_ERROR
  }

  private active(): Policy | null {
    const digest = this.activeDigest()
    const found = digest && this.policies.find((one) => equalBytes(one.digest, digest))
    return found ?? null
  }
}
