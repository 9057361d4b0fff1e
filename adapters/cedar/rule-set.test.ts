import { join } from 'node:path'
import { type SchemaJson, schemaToJson } from '@cedar-policy/cedar-wasm/nodejs'
import { describe, expect, it } from 'vitest'
import { openCedarPolicy } from '#adapters/cedar/policy.ts'
import { readPolicyFolder } from '#adapters/cedar/policy-folder.ts'
import { CAVEATS } from '#core/caveat.ts'
import { AGENCY_ROLES } from '#core/directory/entry.ts'
import { ALL_JURISDICTIONS } from '#core/jurisdiction.ts'
import { POLICY_ACTIONS, PolicyInvalid } from '#core/ports/policy.ts'
import { REALMS } from '#core/realm.ts'

const files = await readPolicyFolder(join(import.meta.dirname, '../../policy'))
const READ = 'read.cedar'
const SCHEMA = 'rabta.cedarschema'

/** What is said when `from` is replaced by `to` in the file and the policy is opened. */
const faultOf = (name: string, from: string, to: string): string => {
  const text = files[name] ?? ''
  if (!text.includes(from)) throw new Error(`${name} has no ${from}`)
  return faultOfFiles({ ...files, [name]: text.replace(from, to) })
}

const faultOfFiles = (altered: Record<string, string>): string => {
  try {
    openCedarPolicy({ files: altered })
    return 'it was opened'
  } catch (error) {
    if (error instanceof PolicyInvalid) return error.message
    throw error
  }
}

describe('rules that are refused when the policy is opened', () => {
  const BROKEN = [
    [
      'a syntax error, with its line',
      'principal.active',
      'principal.active &&',
      /^read\.cedar:22: /,
    ],
    ['a rule that does not end', '{ principal.active };', '{ principal.active }', /^read\.cedar:/],
    ['an unknown attribute', 'principal.active', 'principal.activ', /`activ`/],
    ['an unknown entity type', 'Role::"subscriber"', 'Rule::"subscriber"', /Rule/],
    ['an unknown role', 'Role::"subscriber"', 'Role::"subscribr"', /"subscribr"/],
    ['an unknown caveat', 'Caveat::"EYES_ONLY"', 'Caveat::"EYES-ONLY"', /"EYES-ONLY"/],
    ['an unknown action', 'Action::"read"', 'Action::"red"', /Action::"red"/],
    ['a comparison of unlike things', 'principal.clearance', 'principal.kind', /expected Long/],
    ['an unguarded optional attribute', 'resource has releasableTo && ', '', /releasableTo/],
    [
      'a rule that never applies',
      'when { resource.caveats',
      'when { false && resource.caveats',
      /impossible/,
    ],
    ['a rule without a name', '@id("suspended")', '', /has no @id/],
    ['a rule with an empty name', '@id("suspended")', '@id("")', /has no @id/],
    ['a rule with two names', '@id("suspended")', '@id("suspended") @id("x")', /duplicate/],
    ['a reason that is none', '@id("suspended")', '@id("suspendd")', /suspendd.* no reason/],
    ['the reason kept for errors', '@id("suspended")', '@id("policy-error")', /no reason/],
    [
      'a template',
      'principal, action == Action::"read"',
      'principal == ?principal, action',
      /templates/,
    ],
  ] as const

  it.each(BROKEN)('%s', (_, from, to, fault) => {
    expect(faultOf(READ, from, to)).toMatch(fault)
  })

  it.each(Object.keys(files).filter((name) => name !== SCHEMA))('none at all in %s', (name) => {
    expect(faultOfFiles({ ...files, [name]: '// Nothing.\n' })).toBe(`${name}: holds no rule`)
  })

  it.each(Object.keys(files))('%s cut off anywhere inside its last sentence', (name) => {
    const text = files[name] ?? ''
    for (const cut of [2, 4, 8, 16]) {
      expect(faultOfFiles({ ...files, [name]: text.slice(0, -cut) })).toMatch(`${name}:`)
    }
  })
})

describe('schemas that are refused when the policy is opened', () => {
  const BROKEN = [
    ['a syntax error, with its line', 'active: Bool', 'active Bool', /^rabta\.cedarschema:30: /],
    ['an unknown type', 'active: Bool', 'active: Bol', /`Bol`/],
    ['an attribute that rules need is gone', 'active: Bool,', '', /`active`/],
    ['an attribute that rules need may be absent', 'active: Bool', 'active?: Bool', /`active`/],
    ['an attribute of another type', 'clearance: Long', 'clearance: String', /Long/],
    ['a symbol that rules name is gone', '"PERSON", ', '', /"PERSON"/],
    ['an action that rules name is gone', '"search-own", ', '', /search-own/],
  ] as const

  it.each(BROKEN)('%s', (_, from, to, fault) => {
    expect(faultOf(SCHEMA, from, to)).toMatch(fault)
  })
})

describe('the schema of this repository', () => {
  const parsed = schemaToJson(files[SCHEMA] ?? '')
  if (parsed.type === 'failure') throw new Error('the schema does not parse')
  const schema: SchemaJson<string>[string] | undefined = parsed.json['']

  const CLOSED_SETS = {
    Jurisdiction: ALL_JURISDICTIONS,
    Caveat: Object.keys(CAVEATS),
    Role: [...AGENCY_ROLES, 'national-auditor'],
    PrincipalKind: ['PERSON', 'SYSTEM'],
    Realm: REALMS,
  }
  it.each(Object.entries(CLOSED_SETS))('knows the same names as the hub: %s', (type, names) => {
    const entityType = schema?.entityTypes[type]
    const listed = entityType && 'enum' in entityType ? entityType.enum : []
    expect([...listed].sort()).toEqual([...names].sort())
  })

  it('knows the same actions as the hub', () => {
    const actions = Object.keys(schema?.actions ?? {}).sort()
    expect(actions).toEqual(Object.keys(POLICY_ACTIONS).sort())
  })
})
