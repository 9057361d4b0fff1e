import { expect, it } from 'vitest'
import { ActivePolicy } from '#core/active-policy.ts'
import type { Decision, Policy, PolicyRequest } from '#core/ports/policy.ts'

const policyOf = (digest: number, decision: Decision): Policy => ({
  digest: new Uint8Array(32).fill(digest),
  decide: () => decision,
})
const OLD = policyOf(1, { allowed: true })
const NEW = policyOf(2, { allowed: false, reasons: ['suspended'] })
const ANY = {} as PolicyRequest

it('decides by the policy that is active at that moment', () => {
  let active: Uint8Array | null = OLD.digest
  const policy = new ActivePolicy([OLD, NEW], () => active)
  expect([policy.digest, policy.decide(ANY)]).toEqual([OLD.digest, OLD.decide(ANY)])
  active = NEW.digest
  expect([policy.digest, policy.decide(ANY)]).toEqual([NEW.digest, NEW.decide(ANY)])
})

it.each([
  ['none was ever activated', null],
  ['another one is active', new Uint8Array(32).fill(3)],
])('denies everything while %s, though its first would allow it', (_, active) => {
  const policy = new ActivePolicy([OLD, NEW], () => active)
  expect(policy.decide(ANY)).toEqual({ allowed: false, reasons: ['policy-error'] })
  expect(policy.digest).toEqual(OLD.digest)
})
