import {
  type DetailedError,
  type PolicyJson,
  policySetTextToParts,
  policyToJson,
  validate,
} from '@cedar-policy/cedar-wasm/nodejs'
import { isSchemaFile, type PolicyFile, type PolicyFiles } from '#core/policy-files.ts'
import { type DenialReason, isDenialReason, PolicyInvalid } from '#core/ports/policy.ts'

/** Rules that passed Cedar's strict validation, ready to be evaluated. */
export interface RuleSet {
  readonly schema: string
  /** Each rule's text, by an id of ours: Cedar's own ids (`policy0`) say nothing. */
  readonly rules: Record<string, string>
  /** What each `forbid` of `rules` means when it determines a decision. */
  readonly reasons: ReadonlyMap<string, DenialReason>
}

/** Throws `PolicyInvalid` at the first thing that keeps the files from being a policy. */
export const ruleSetFrom = (files: PolicyFiles): RuleSet => {
  const rules: Record<string, string> = {}
  const reasons = new Map<string, DenialReason>()
  for (const file of files.filter((one) => !isSchemaFile(one))) {
    for (const { id, text, reason } of rulesOf(file)) {
      rules[id] = text
      if (reason !== null) reasons.set(id, reason)
    }
  }
  const schemaFile = files.find(isSchemaFile)
  if (schemaFile === undefined) throw new PolicyInvalid('there is no schema')
  checkAgainstSchema(schemaFile, rules)
  return { schema: schemaFile.text, rules, reasons }
}

interface Rule {
  readonly id: string
  readonly text: string
  /** Null for a `permit`. */
  readonly reason: DenialReason | null
}

const rulesOf = (file: PolicyFile): readonly Rule[] => {
  const parts = policySetTextToParts(file.text)
  if (parts.type === 'failure') throw invalid(file, parts.errors)
  if (parts.policy_templates.length > 0) {
    throw new PolicyInvalid(`${file.name}: templates are not evaluated here`)
  }
  if (parts.policies.length === 0) throw new PolicyInvalid(`${file.name}: holds no rule`)
  return parts.policies.map((text, index) => ruleFrom(file, text, index))
}

const ruleFrom = (file: PolicyFile, text: string, index: number): Rule => {
  const parsed = policyToJson(text)
  if (parsed.type === 'failure') throw invalid(file, parsed.errors)
  const name = nameOf(parsed.json)
  if (name === null) throw new PolicyInvalid(`${file.name}: a rule has no @id: ${text}`)
  const id = `${file.name} ${name} ${index}`
  if (parsed.json.effect === 'permit') return { id, text, reason: null }
  if (!isDenialReason(name) || name === 'policy-error') {
    throw new PolicyInvalid(`${file.name}: @id("${name}") of a forbid is no reason of a denial`)
  }
  return { id, text, reason: name }
}

const nameOf = ({ annotations }: PolicyJson): string | null => {
  const name = annotations?.['id']
  return name === undefined || name === '' ? null : name
}

// A warning refuses too: «this rule can never apply» is how a mistyped rule shows itself.
const checkAgainstSchema = (schema: PolicyFile, rules: Record<string, string>): void => {
  const answer = validate({
    schema: schema.text,
    policies: { staticPolicies: rules },
    validationSettings: { mode: 'strict' },
  })
  if (answer.type === 'failure') throw invalid(schema, answer.errors)
  const faults = [
    // Their messages begin with «for policy» and our id.
    ...answer.validationErrors.map(({ error }) => textOf(error)),
    ...answer.validationWarnings.map(({ error }) => textOf(error)),
    ...answer.otherWarnings.map((warning) => `${schema.name}: ${textOf(warning)}`),
  ]
  if (faults.length > 0) throw new PolicyInvalid(faults.join('\n'))
}

const invalid = (file: PolicyFile, errors: readonly DetailedError[]): PolicyInvalid =>
  new PolicyInvalid(errors.map((error) => `${placeOf(file, error)}: ${textOf(error)}`).join('\n'))

const textOf = ({ message, help }: DetailedError): string =>
  help === null ? message : `${message} (${help})`

/** `file:line`. Cedar counts bytes, not characters. */
const placeOf = (file: PolicyFile, { sourceLocations }: DetailedError): string => {
  const start = sourceLocations?.[0]?.start
  if (start === undefined) return file.name
  const before = new TextEncoder().encode(file.text).subarray(0, start)
  return `${file.name}:${before.filter((byte) => byte === 0x0a).length + 1}`
}
