import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openCedarPolicy } from '#adapters/cedar/policy.ts'
import { readPolicyFolder } from '#adapters/cedar/policy-folder.ts'
import { decidedFor } from '#core/decision-rows.ts'
import { DENIAL_REASONS } from '#core/ports/policy.ts'
import { decisionRows } from '#tests/decision-rows.ts'

const rows = decisionRows()
const policy = openCedarPolicy({
  files: await readPolicyFolder(join(import.meta.dirname, '../../policy')),
})

describe('the rows of decisions.json', () => {
  it.each(rows)('$request.action: $why', ({ request, expected }) => {
    expect(decidedFor(policy, request)).toEqual(expected)
  })

  it('are many, and say each thing once', () => {
    expect(rows.length).toBeGreaterThanOrEqual(60)
    expect(new Set(rows.map(({ why }) => why)).size).toBe(rows.length)
  })

  it.each(DENIAL_REASONS.filter((reason) => reason !== 'policy-error'))(
    'hold %s alone and together with other reasons',
    (reason) => {
      const denials = rows.map(({ expected }) => expected).filter((one) => one !== 'allowed')
      const naming = denials.filter((reasons) => reasons.includes(reason))
      expect(naming).toContainEqual([reason])
      expect(naming.filter((reasons) => reasons.length > 1)).not.toHaveLength(0)
    },
  )
})
