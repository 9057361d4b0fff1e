import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AuthenticatedCaller } from '#adapters/http/caller.ts'
import { agencyOf } from '#core/principal.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { ReadableLabels } from '#services/gateway/readable-labels.ts'
import { sampleAlert } from '#tests/sample-alert.ts'
import { COORDINATOR, openStreamHub, type StreamHub } from '#tests/stream-hub.ts'

let streams: StreamHub
let decisions: number
let deps: GatewayDeps
let labels: ReadableLabels

beforeEach(async () => {
  streams = await openStreamHub()
  const { gateway } = streams.hub.hub
  const { policy } = gateway.deps
  decisions = 0
  const decide: typeof policy.decide = (request) => {
    decisions += 1
    return policy.decide(request)
  }
  deps = { ...gateway.deps, policy: { digest: policy.digest, decide } }
  const principal = COORDINATOR as AuthenticatedCaller['principal']
  const standing = gateway.deps.directory.state.standingOf(principal, 'live')
  if (standing === null) throw new Error('unknown')
  const agency = agencyOf(principal)
  labels = new ReadableLabels(deps, {
    principal,
    agency,
    realm: 'live',
    standing,
    tokenExpiresAtMs: 0,
    isTokenUnbound: false,
  })
  for (const classification of ['RESTRICTED', 'SECRET'] as const) await publish(classification)
})
afterEach(() => streams.close())

const publish = async (classification: 'RESTRICTED' | 'SECRET' | 'CONFIDENTIAL') => {
  await streams.publish({ label: { ...sampleAlert().label, classification } })
  await streams.hub.settled()
}

test('policy decides each label once, and only what is new when one is added', async () => {
  expect(labels.ids()).toHaveLength(2)
  expect(labels.ids()).toHaveLength(2)
  expect(decisions).toBe(2)
  await publish('CONFIDENTIAL')
  expect(labels.ids()).toHaveLength(3)
  expect(decisions).toBe(3)
})

test('it decides anew when the caller’s standing has changed, and not for another’s', async () => {
  labels.ids()
  await streams.set('nacta/liaison', { clearance: 'UNCLASSIFIED' })
  labels.ids()
  expect(decisions).toBe(2)
  await streams.set(COORDINATOR, { clearance: 'RESTRICTED' })
  expect(labels.ids()).toHaveLength(1)
  await streams.set(COORDINATOR, { suspended: true })
  expect(labels.ids()).toEqual([])
})
