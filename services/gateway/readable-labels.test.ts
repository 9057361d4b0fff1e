import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AuthenticatedCaller } from '#adapters/http/caller.ts'
import { LIMITS } from '#core/limits.ts'
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
  labels = readableLabels(deps)
  for (const classification of ['RESTRICTED', 'SECRET'] as const) await publish(classification)
})
afterEach(() => streams.close())

/** Those of the coordinator. */
const readableLabels = (of: GatewayDeps): ReadableLabels => {
  const principal = COORDINATOR as AuthenticatedCaller['principal']
  const standing = of.directory.state.standingOf(principal, 'live')
  if (standing === null) throw new Error('unknown')
  return new ReadableLabels(of, {
    principal,
    agency: agencyOf(principal),
    realm: 'live',
    standing,
    tokenExpiresAtMs: 0,
    provenBy: null,
    isTokenUnbound: false,
  })
}

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

test('it decides many labels a few at a time, and lets others go on in between', async () => {
  const { gateway } = streams.hub.hub
  const [label] = gateway.deps.index.labels('live')
  if (label === undefined) throw new Error('no label')
  const many = Array.from({ length: 10 * LIMITS.labelsDecidedAtOnce + 1 }, (_, id) => {
    return { ...label, id }
  })
  const index = { ...gateway.deps.index, labels: () => many }
  const before = decisions
  const decidedAtTurn: number[] = []
  const turn = setInterval(() => decidedAtTurn.push(decisions - before), 0)
  const crowd = readableLabels({ ...deps, index })
  await crowd.prepare()
  clearInterval(turn)
  expect(decidedAtTurn.length).toBeGreaterThanOrEqual(5)
  for (const [at, count] of decidedAtTurn.entries()) {
    expect(count - (decidedAtTurn[at - 1] ?? 0)).toBeLessThanOrEqual(many.length / 2)
  }
  expect(crowd.ids()).toHaveLength(many.length)
  expect(decisions - before).toBe(many.length)
})

test('a standing that changes while labels are being decided counts for all of them', async () => {
  const { gateway } = streams.hub.hub
  const [label] = gateway.deps.index.labels('live')
  if (label === undefined) throw new Error('no label')
  const many = Array.from({ length: 40 * LIMITS.labelsDecidedAtOnce }, (_, id) => ({
    ...label,
    id,
  }))
  const index = { ...gateway.deps.index, labels: () => many }
  const crowd = readableLabels({ ...deps, index })
  const prepared = crowd.prepare()
  await streams.set(COORDINATOR, { suspended: true })
  expect(crowd.ids()).toEqual([])
  await prepared
  expect(crowd.ids()).toEqual([])
})
