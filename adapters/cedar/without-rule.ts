import { ruleSetFrom } from '#adapters/cedar/rule-set.ts'
import { isSchemaFile, policyFilesFrom } from '#core/policy-files.ts'

export interface WithoutRule {
  /** `read.cedar suspended 3`. */
  readonly removed: string
  /** The policy's texts without that rule. */
  readonly files: Readonly<Record<string, string>>
}

/** Each policy that is left when one rule is taken out. Throws `PolicyInvalid`. */
export const withoutEachRule = (
  texts: Readonly<Record<string, string>>,
): readonly WithoutRule[] => {
  const files = policyFilesFrom(texts)
  const rules = Object.entries(ruleSetFrom(files).rules)
  const schemas = files.filter(isSchemaFile).map(({ name, text }) => [name, text])
  return rules.map(([removed]) => {
    const kept = rules.filter(([id]) => id !== removed).map(([, text]) => text)
    return { removed, files: Object.fromEntries([...schemas, ['rules.cedar', kept.join('\n')]]) }
  })
}
