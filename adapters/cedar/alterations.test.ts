import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openCedarPolicy } from '#adapters/cedar/policy.ts'
import { readPolicyFolder } from '#adapters/cedar/policy-folder.ts'
import { type DecisionRow, decidedFor } from '#core/decision-rows.ts'
import { PolicyInvalid } from '#core/ports/policy.ts'
import { decisionRows } from '#tests/decision-rows.ts'

/** What one slip of the pen could make of a rule. */
const SLIPS = [
  ['>=', '>'],
  ['>=', '<='],
  ['||', '&&'],
  ['==', '!='],
  ['!resource', 'resource'],
  ['unless', 'when'],
  ['when', 'unless'],
  ['forbid', 'permit'],
  ['permit', 'forbid'],
  ['containsAny(resource', 'containsAll(resource'],
  ['containsAny([', 'containsAll(['],
  ['principal.clearance', 'principal.agencyCeiling'],
  ['principal.agencyCeiling', 'principal.clearance'],
  ['"JUVENILE"', '"PROTECTED_PERSON"'],
  ['"PROTECTED_PERSON"', '"JUVENILE"'],
  ['"EYES_ONLY"', '"ORCON"'],
  ['"PERSON"', '"SYSTEM"'],
  ['Role::"subscriber"', 'Role::"publisher"'],
  ['Role::"publisher"', 'Role::"subscriber"'],
  ['Role::"auditor"', 'Role::"administrator"'],
  ['Role::"national-auditor"', 'Role::"auditor"'],
  ['Action::"read"', 'Action::"publish"'],
  ['Action::"publish"', 'Action::"read"'],
  ['Action::"preview"', 'Action::"read"'],
  ['Action::"acknowledge"', 'Action::"preview"'],
  ['Action::"export"', 'Action::"read"'],
  ['Action::"directory"', 'Action::"directory-enter"'],
  ['Action::"directory-enter"', 'Action::"directory"'],
  ['Action::"prove-own"', 'Action::"search-own"'],
  ['"ORCON"', '"NO_ONWARD"'],
  ['"NO_ONWARD"', '"ORCON"'],
  ['"NOT_FOR_COURT"', '"ORCON"'],
  ['Realm::"live"', 'Realm::"exercise"'],
  ['.isEmpty()', '.contains(Role::"auditor")'],
  ['Action::"search-own"', 'Action::"search-all"'],
  ['Action::"search-all"', 'Action::"search-own"'],
] as const

const rows = decisionRows()
const files = await readPolicyFolder(join(import.meta.dirname, '../../policy'))
const ruleFiles = Object.entries(files)
  .filter(([name]) => name.endsWith('.cedar'))
  .map(([name, text]) => ({ name, text: text.replaceAll(/^\/\/.*\n/gm, '') }))

const removals = ruleFiles.flatMap(({ name, text }) =>
  text
    .split(/(?=@id)/)
    .filter((rule) => rule.startsWith('@id'))
    .map((rule) => ({ name, rule, text: text.replace(rule, '') })),
)

const slips = ruleFiles.flatMap(({ name, text }) =>
  SLIPS.flatMap(([from, to]) =>
    placesOf(text, from).map((at) => {
      return { name, from, to, at, text: text.slice(0, at) + to + text.slice(at + from.length) }
    }),
  ),
)

describe('the rows notice', () => {
  it('each of the 43 rules, and more than a hundred slips', () => {
    expect(removals).toHaveLength(43)
    expect(slips.length).toBeGreaterThan(100)
    expect(rowThatFails(files)).toBeUndefined()
  })

  it.each(removals)('that a rule was removed: $name $rule', ({ name, text }) => {
    expect(rowThatFails({ ...files, [name]: text })).toBeDefined()
  })

  it.each(slips)('a slip, or it is refused: $name $at $from to $to', ({ name, text }) => {
    const altered = { ...files, [name]: text }
    if (!isRefused(altered)) expect(rowThatFails(altered)).toBeDefined()
  })
})

function rowThatFails(altered: Record<string, string>): DecisionRow | undefined {
  const policy = openCedarPolicy({ files: altered })
  return rows.find((row) => String(decidedFor(policy, row.request)) !== String(row.expected))
}

function isRefused(altered: Record<string, string>): boolean {
  try {
    openCedarPolicy({ files: altered })
    return false
  } catch (error) {
    if (error instanceof PolicyInvalid) return true
    throw error
  }
}

function placesOf(text: string, part: string): readonly number[] {
  const places: number[] = []
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) places.push(at)
  return places
}
