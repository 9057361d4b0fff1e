import { createHash } from 'node:crypto'
import {
  type AuthorizationAnswer,
  type CheckParseAnswer,
  preparsePolicySet,
  preparseSchema,
  statefulIsAuthorized,
} from '@cedar-policy/cedar-wasm/nodejs'
import { RecentDecisions } from '#adapters/cedar/recent-decisions.ts'
import { cedarCall } from '#adapters/cedar/request.ts'
import { type RuleSet, ruleSetFrom } from '#adapters/cedar/rule-set.ts'
import { hex } from '#core/bytes.ts'
import { LIMITS } from '#core/limits.ts'
import { policyDigest, policyFilesFrom } from '#core/policy-files.ts'
import {
  type Decision,
  type DenialReason,
  type Policy,
  PolicyInvalid,
  type PolicyRequest,
} from '#core/ports/policy.ts'

export interface CedarPolicyOptions {
  /** Texts by file name: rules (`*.cedar`) and one schema (`*.cedarschema`). */
  readonly files: Readonly<Record<string, string>>
  /** Told why a request could not be evaluated; the text names ids and codes only. */
  readonly onFault?: (message: string) => void
}

/** Throws `PolicyInvalid` when the files are not a policy that Cedar validates strictly. */
export const openCedarPolicy = ({ files: texts, onFault }: CedarPolicyOptions): Policy => {
  const files = policyFilesFrom(texts)
  const ruleSet = ruleSetFrom(files)
  const digest = policyDigest(files, sha256)
  preparse(hex(digest), ruleSet)
  return new CedarPolicy(digest, ruleSet, onFault ?? (() => undefined))
}

const sha256 = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(bytes).digest())

// Cedar keeps what it parsed under a name that the whole process shares. The digest is that name,
// so two policies can share an entry only if they are the same text.
const preparse = (name: string, { schema, rules }: RuleSet): void => {
  check(preparseSchema(name, schema))
  check(preparsePolicySet(name, { staticPolicies: rules }))
}

const check = (answer: CheckParseAnswer): void => {
  if (answer.type === 'success') return
  throw new PolicyInvalid(answer.errors.map(({ message }) => message).join('\n'))
}

const denied = (reasons: readonly DenialReason[]): Decision =>
  Object.freeze({ allowed: false, reasons: Object.freeze(reasons) })

const ALLOWED: Decision = Object.freeze({ allowed: true })
const POLICY_ERROR = denied(['policy-error'])

class CedarPolicy implements Policy {
  readonly digest: Uint8Array
  readonly #preparsed: string
  readonly #reasons: ReadonlyMap<string, DenialReason>
  readonly #onFault: (message: string) => void
  readonly #recent = new RecentDecisions(LIMITS.decisionsCachedMax)

  constructor(digest: Uint8Array, { reasons }: RuleSet, onFault: (message: string) => void) {
    this.digest = digest
    this.#preparsed = hex(digest)
    this.#reasons = reasons
    this.#onFault = onFault
  }

  decide(request: PolicyRequest): Decision {
    try {
      return this.#recall(request)
    } catch (error) {
      // Whatever went wrong, nobody may read because of it.
      return this.#fault(error instanceof Error ? error.message : 'Cedar failed')
    }
  }

  // The key is the request itself, all of it, so no field can be left out of it; the cache is this
  // policy's alone. An error is not kept: it may be of the moment. Nor is a long label, of which a
  // few thousand would fill the memory.
  #recall(request: PolicyRequest): Decision {
    const key = JSON.stringify(request)
    const recalled = this.#recent.get(key)
    if (recalled !== undefined) return recalled
    const decision = this.#decision(statefulIsAuthorized(cedarCall(request, this.#preparsed)))
    if (decision !== POLICY_ERROR && key.length <= LIMITS.decisionKeyCharsMax) {
      this.#recent.set(key, decision)
    }
    return decision
  }

  // Cedar leaves out a rule that fails and decides by the others: a `forbid` that failed would let
  // everybody through, so one failure is enough to deny.
  #decision(answer: AuthorizationAnswer): Decision {
    if (answer.type === 'failure') return this.#fault(answer.errors[0]?.message ?? 'Cedar failed')
    const { decision, diagnostics } = answer.response
    const failed = diagnostics.errors[0]
    if (failed !== undefined) return this.#fault(`${failed.policyId}: ${failed.error.message}`)
    return decision === 'allow' ? ALLOWED : this.#denial(diagnostics.reason)
  }

  #denial(determining: readonly string[]): Decision {
    const reasons = new Set<DenialReason>()
    for (const id of determining) {
      const reason = this.#reasons.get(id)
      if (reason === undefined) return this.#fault(`${id} is no forbid of this policy`)
      reasons.add(reason)
    }
    if (reasons.size === 0) return this.#fault('no rule permits this action')
    return denied([...reasons].sort())
  }

  #fault(message: string): Decision {
    this.#onFault(message)
    return POLICY_ERROR
  }
}
