import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openCedarPolicy } from '#adapters/cedar/policy.ts'
import { readPolicyFolder } from '#adapters/cedar/policy-folder.ts'
import { OWN_POLICY_FOLDER } from '#adapters/cedar/policy-folders.ts'
import type { Alert } from '#core/alert.ts'
import { hex } from '#core/bytes.ts'
import type { Classification } from '#core/classification.ts'
import { DEFAULT_GATEWAY_SETTINGS } from '#core/gateway-settings.ts'
import { enter } from '#tests/directory-entries.ts'
import { sampleAlert } from '#tests/sample-alert.ts'
import { COORDINATOR, LIAISON, openStreamHub, type StreamHub } from '#tests/stream-hub.ts'
import type { StreamReader } from '#tests/stream-reader.ts'

const PATIENCE_MS = 20_000
let streams: StreamHub
let folder: string
/** Closes RESTRICTED to all who are cleared for less than SECRET: to the liaison. */
let next: string

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rabta-stream-policy-'))
  next = join(folder, 'next')
  cpSync(OWN_POLICY_FOLDER, next, { recursive: true })
  const path = join(next, 'read.cedar')
  const rule = '@id("clearance-too-low")\nforbid (principal, action == Action::"read", resource)\n'
  const condition = 'when { resource.classification == 1 && principal.clearance < 3 };\n'
  writeFileSync(path, `${readFileSync(path, 'utf8')}\n${rule}${condition}`)
  streams = await openStreamHub()
  await streams.hub.close()
  const policyFolders = [OWN_POLICY_FOLDER, next]
  await streams.hub.open({ ...DEFAULT_GATEWAY_SETTINGS, policyFolders })
})
afterEach(async () => {
  await streams.close()
  rmSync(folder, { recursive: true })
})

const activate = async (policyFolder: string): Promise<string> => {
  const { digest } = openCedarPolicy({ files: await readPolicyFolder(policyFolder) })
  await enter(streams.hub, streams.hub.home.rootSigner, { type: 'PolicyActivated', digest })
  return hex(digest)
}

const publish = async (classification: Classification): Promise<string> => {
  const { label }: Alert = sampleAlert()
  const id = await streams.publish({ label: { ...label, classification } })
  await streams.hub.settled()
  return id
}

const given = (reader: StreamReader, id: string) =>
  reader.until(({ alertIds }) => alertIds.includes(id), PATIENCE_MS)

const policiesOf = async (id: string, principal: string): Promise<readonly string[]> => {
  const releases = (await streams.releasesTo(principal)).filter(({ alert }) => alert?.id === id)
  return releases.map(({ policyDigest }) => (policyDigest === null ? '' : hex(policyDigest)))
}

test('an open stream lives through a change of policy, which decides what it gives next', async () => {
  const [coordinator, liaison] = [await streams.open(COORDINATOR), await streams.open(LIAISON)]
  const before = await publish('RESTRICTED')
  for (const reader of [coordinator, liaison]) await given(reader, before)

  const nextDigest = await activate(next)
  const withheld = await publish('RESTRICTED')
  // In the index behind the one that is withheld: who was given it, was past that.
  const open = await publish('UNCLASSIFIED')
  for (const reader of [coordinator, liaison]) await given(reader, open)
  await given(coordinator, withheld)

  const ownDigest = await activate(OWN_POLICY_FOLDER)
  const after = await publish('RESTRICTED')
  for (const reader of [coordinator, liaison]) await given(reader, after)

  expect([...coordinator.alertIds].sort()).toEqual([before, withheld, open, after].sort())
  expect([...liaison.alertIds].sort()).toEqual([before, open, after].sort())
  for (const reader of [coordinator, liaison]) {
    expect([reader.closedAtMs, reader.endReason]).toEqual([null, null])
  }
  expect(await policiesOf(withheld, COORDINATOR)).toEqual([nextDigest])
  expect(await policiesOf(withheld, LIAISON)).toEqual([])
  expect(await policiesOf(open, LIAISON)).toEqual([nextDigest])
  expect(await policiesOf(after, LIAISON)).toEqual([ownDigest])
}, 120_000)
