import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openCedarPolicy } from '#adapters/cedar/policy.ts'
import { readPolicyFolder } from '#adapters/cedar/policy-folder.ts'
import { OWN_POLICY_FOLDER } from '#adapters/cedar/policy-folders.ts'
import { EXIT } from '#clients/cli/command.ts'
import { hex } from '#core/bytes.ts'
import { DEFAULT_GATEWAY_SETTINGS } from '#core/gateway-settings.ts'
import { enter } from '#tests/directory-entries.ts'
import { runRabta } from '#tests/run-rabta.ts'
import { sampleAlert } from '#tests/sample-alert.ts'
import { openTestHub, signed, type TestHub } from '#tests/test-hub.ts'

let hub: TestHub
let folder: string
/** Closes reading to all who are not cleared for TOP_SECRET. */
let next: string

beforeEach(async () => {
  hub = await openTestHub()
  folder = mkdtempSync(join(tmpdir(), 'rabta-policies-'))
  next = join(folder, 'next')
  cpSync(OWN_POLICY_FOLDER, next, { recursive: true })
  edit('principal.clearance >= resource.classification', 'principal.clearance > 3')
})
afterEach(async () => {
  await hub.close()
  hub.home.remove()
  rmSync(folder, { recursive: true })
})

const edit = (from: string, to: string): void => {
  const path = join(next, 'read.cedar')
  const before = readFileSync(path, 'utf8')
  expect(before).toContain(from)
  writeFileSync(path, before.replace(from, to))
}

const rabta = (...args: readonly string[]) =>
  runRabta([...args, '--home', hub.home.home, '--gateway', hub.hub.url ?? ''])

const COORDINATOR = ['--as', 'nacta/coordinator']
const OFFICER = 'ctd-kp/analyst'
const active = (): string => hex(hub.hub.parts.directory.state.policyDigest ?? new Uint8Array())
const feedStatus = async () => (await hub.get('/v1/feed?from=earliest', 'nacta/coordinator')).status

test('shows the active policy by the directory, its texts held against the digest', async () => {
  const shown = await rabta('policy', 'show', ...COORDINATOR)
  expect([shown.exit, shown.err]).toEqual([EXIT.ok, ''])
  expect(shown.out).toContain(active())
  expect(shown.out).toMatch(/read\.cedar +\d+ +\d+/)
  const { files } = JSON.parse((await rabta('policy', 'show', '--json', ...COORDINATOR)).out)
  expect(files['read.cedar']).toBe(readFileSync(join(OWN_POLICY_FOLDER, 'read.cedar'), 'utf8'))
})

test('checks a policy by the rows: ours passes, and each of its rules is needed', async () => {
  const checked = await rabta('policy', 'check', OWN_POLICY_FOLDER)
  expect(checked.out).toContain(active())
  expect(checked.out).not.toMatch(/DIFFERS|UNNEEDED/)
  expect(checked.exit).toBe(EXIT.ok)
}, 60_000)

test('checks another policy: names the rows that it decides otherwise', async () => {
  const checked = await rabta('policy', 'check', next)
  expect(checked.out).toContain('DIFFERS  clearance equal to the classification is enough: SECRET')
  expect(checked.exit).toBe(EXIT.notAll)
}, 60_000)

test('refuses a policy that Cedar does not validate', async () => {
  edit('principal.active', 'principal.aktive')
  const checked = await rabta('policy', 'check', next)
  expect([checked.exit, checked.out]).toEqual([EXIT.usage, ''])
  expect(checked.err).toContain('aktive')
})

test('activates nothing that the gateway does not hold, for that would close the hub', async () => {
  const before = active()
  const refused = await rabta('policy', 'activate', next, ...COORDINATOR)
  expect(refused.exit).toBe(EXIT.usage)
  expect(refused.err).toContain('RABTA_POLICY')
  expect(active()).toBe(before)
})

test('a node without the active policy decides nothing until it is started with it', async () => {
  // Tokens that were given before: without the active policy there are none.
  await Promise.all(['nacta/coordinator', 'nacta/national-auditor'].map((who) => hub.token(who)))
  const { digest } = openCedarPolicy({ files: await readPolicyFolder(next) })
  await enter(hub, hub.home.rootSigner, { type: 'PolicyActivated', digest })
  expect(await feedStatus()).toBe(503)
  const { status, json } = await hub.get('/v1/access-log/records', 'nacta/national-auditor')
  expect([status, json['code']]).toEqual([503, 'policy-not-active'])
  await hub.close()
  await hub.open({ ...DEFAULT_GATEWAY_SETTINGS, policyFolders: [next] })
  expect(await feedStatus()).toBe(200)
})

test('a node that holds both switches at the entry, without a restart', async () => {
  await hub.close()
  await hub.open({ ...DEFAULT_GATEWAY_SETTINGS, policyFolders: [OWN_POLICY_FOLDER, next] })
  const alert = sampleAlert()
  const bytes = await signed(alert, hub.home.alertSigner(alert.origin))
  expect((await hub.publish(bytes, `${alert.origin}/duty-officer`)).status).toBe(201)
  await hub.settled()
  const path = `/v1/alerts/${alert.origin}/${alert.id}`
  const read = async () => (await hub.get(path, OFFICER)).status
  expect(await read()).toBe(200)
  const entered = await rabta('policy', 'activate', next, ...COORDINATOR)
  expect([entered.exit, entered.err]).toEqual([EXIT.ok, ''])
  expect(await read()).toBe(404)
  const [record] = (await hub.records()).slice(-1)
  expect(record).toMatchObject({ action: 'READ', reasons: ['clearance-too-low'] })
  expect(record?.policyDigest && hex(record.policyDigest)).toBe(active())
  expect((await rabta('policy', 'activate', OWN_POLICY_FOLDER, ...COORDINATOR)).exit).toBe(EXIT.ok)
  expect(await read()).toBe(200)
})
