import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RecentDecisions } from '#adapters/cedar/recent-decisions.ts'
import type { Decision } from '#core/ports/policy.ts'

const ALLOWED: Decision = { allowed: true }
const SUSPENDED: Decision = { allowed: false, reasons: ['suspended'] }

describe('recent decisions', () => {
  it('give back what was set, and nothing for what was not', () => {
    const recent = new RecentDecisions(10)
    recent.set('a', ALLOWED)
    recent.set('b', SUSPENDED)
    expect([recent.get('a'), recent.get('b'), recent.get('c')]).toEqual([
      ALLOWED,
      SUSPENDED,
      undefined,
    ])
  })

  it('never hold more than they may, whatever is asked', () => {
    const asked = fc.array(fc.tuple(fc.boolean(), fc.nat(40)), { maxLength: 300 })
    const bounded = fc.property(fc.integer({ min: 2, max: 20 }), asked, (decisionsMax, steps) => {
      const recent = new RecentDecisions(decisionsMax)
      for (const [setting, number] of steps) {
        if (setting) recent.set(`${number}`, number % 2 === 0 ? ALLOWED : SUSPENDED)
        const found = recent.get(`${number}`)
        expect(found === undefined || found.allowed === (number % 2 === 0)).toBe(true)
        expect(recent.size).toBeLessThanOrEqual(decisionsMax)
      }
    })
    fc.assert(bounded)
  })

  it('keep what is asked for again and again through a flood of others', () => {
    const recent = new RecentDecisions(10)
    recent.set('kept', SUSPENDED)
    for (let number = 0; number < 1_000; number += 1) {
      recent.set(`flood ${number}`, ALLOWED)
      expect(recent.get('kept')).toBe(SUSPENDED)
    }
    expect(recent.get('flood 0')).toBeUndefined()
  })
})
