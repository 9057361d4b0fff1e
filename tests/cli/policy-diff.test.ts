import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { OWN_POLICY_FOLDER } from '#adapters/cedar/policy-folders.ts'
import { randomBytes } from '#adapters/crypto/random.ts'
import { EXIT } from '#clients/cli/command.ts'
import { type AccessRecord, encodeAccessRecord } from '#core/access-record.ts'
import type { Alert } from '#core/alert.ts'
import { hex } from '#core/bytes.ts'
import { isPrincipalId } from '#core/principal.ts'
import { ACCESS_TOPIC } from '#core/topics.ts'
import { enter } from '#tests/directory-entries.ts'
import { runRabta } from '#tests/run-rabta.ts'
import { agencyId, sampleAlert } from '#tests/sample-alert.ts'
import { openTestHub, signed, type TestHub } from '#tests/test-hub.ts'

let hub: TestHub
let folder: string
const RESTRICTED = sampleAlert()
const SECRET = sampleAlert({ label: { ...RESTRICTED.label, classification: 'SECRET' } })
const WITHHELD = sampleAlert()
const pathOf = ({ origin, id }: Alert): string => `/v1/alerts/${origin}/${id}`

// What the hub's records tell of, once: each test asks other policies about the same log.
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rabta-policy-diff-'))
  hub = await openTestHub()
  await publish(RESTRICTED, 'ctd-kp/duty-officer', 201)
  await publish(SECRET, 'ctd-kp/feed-system', 201)
  await publish(WITHHELD, 'ctd-punjab/duty-officer', 403)
  await hub.settled()
  await read(RESTRICTED, 'ctd-punjab/analyst', 404)
  await read(RESTRICTED, 'nacta/coordinator', 200)
  await read(SECRET, 'ctd-kp/duty-officer', 404)
  await read(SECRET, 'ctd-kp/analyst', 200)
  await read(WITHHELD, 'ctd-kp/analyst', 404)
  await get(`${pathOf(SECRET)}/status`, 'ctd-punjab/analyst', 404)
  await get('/v1/access-log/records', 'ctd-kp/security-officer', 200)
  await get('/v1/access-log/records', 'ctd-kp/analyst', 403)
  await get('/v1/directory/entries', 'ctd-kp/analyst', 200)
  await post(`${pathOf(RESTRICTED)}/acknowledgements`, 'nacta/liaison', 201)
  await post('/v1/label/preview', 'nacta/liaison', 200, JSON.stringify({ label: SECRET.label }))
  await get('/v1/feed?from=earliest', 'nacta/liaison', 200)
  const forCase = { 'rabta-purpose': 'PROSECUTION FIR:12/2026' }
  const exported = `${pathOf(RESTRICTED)}/export`
  expect((await hub.get(exported, 'nacta/coordinator', { headers: forCase })).status).toBe(200)
  // Whoever read SECRET before is cleared no more: the record names the head before.
  await lowerAnalyst()
  await read(SECRET, 'ctd-kp/analyst', 404)
})
afterAll(async () => {
  await hub.close()
  hub.home.remove()
  rmSync(folder, { recursive: true })
})

const publish = async (alert: Alert, who: string, status: number): Promise<void> => {
  const bytes = await signed(alert, hub.home.alertSigner(alert.origin))
  expect((await hub.publish(bytes, who)).status).toBe(status)
}

const get = async (path: string, who: string, status: number): Promise<void> => {
  expect((await hub.get(path, who)).status).toBe(status)
}

const read = (alert: Alert, who: string, status: number) => get(pathOf(alert), who, status)

const post = async (path: string, who: string, status: number, body?: string): Promise<void> => {
  const authorization = `Bearer ${await hub.token(who)}`
  const answer = await hub.request(path, {
    method: 'POST',
    ...(body === undefined ? {} : { body }),
    headers: {
      authorization,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
  })
  expect(answer.status).toBe(status)
}

const lowerAnalyst = async (): Promise<void> => {
  const principal = hub.hub.parts.directory.state.principals.get(principalId('ctd-kp/analyst'))
  if (principal === undefined) throw new Error('there is no analyst')
  const { id, agency, kind, jurisdictions, caveats } = principal
  const standing = { kind, suspended: false, clearance: 'RESTRICTED', jurisdictions } as const
  await enter(hub, hub.home.administratorSigner('ctd-kp'), {
    type: 'PrincipalSet',
    principal: id,
    agency,
    ...standing,
    caveats,
    roles: [{ realm: 'live', role: 'subscriber' }],
  })
}

const principalId = (text: string) => {
  if (!isPrincipalId(text)) throw new RangeError(text)
  return text
}

/** Our policy with one file's text changed. */
const edited = (name: string, file: string, change: (text: string) => string): string => {
  const into = join(folder, name)
  cpSync(OWN_POLICY_FOLDER, into, { recursive: true })
  const before = readFileSync(join(into, file), 'utf8')
  const after = change(before)
  expect(after).not.toBe(before)
  writeFileSync(join(into, file), after)
  return into
}

/** Takes the rule of that name out, up to the blank line behind it. */
const without = (text: string, id: string): string => {
  const rest = text.indexOf(`@id("${id}")`)
  const end = text.indexOf('\n\n', rest)
  return `${text.slice(0, rest)}${text.slice(end)}`
}

interface Row {
  readonly principal: string
  readonly asked: string
  readonly alert: { readonly id: string } | null
  readonly old: { readonly outcome: string; readonly reasons: readonly string[] }
  readonly new: { readonly outcome: string; readonly reasons: readonly string[] }
}

const rabta = (...args: readonly string[]) =>
  runRabta([...args, '--home', hub.home.home, '--gateway', hub.hub.url ?? ''])

const diffTo = async (next: string, old = OWN_POLICY_FOLDER) => {
  const { exit, out, err } = await rabta('policy', 'diff', old, next, '--json', '--quiet')
  expect(err).toBe('')
  const found = JSON.parse(out)
  const changed = (found.changed as readonly Row[]).map((row) => {
    const [before, after] = [row.old, row.new].map((one) => [one.outcome, ...one.reasons].join(' '))
    return `${row.principal} ${row.asked} ${row.alert?.id ?? '-'}: ${before} → ${after}`
  })
  return { exit, found, changed }
}

test('finds every decision of a real hub made again by the policy that made it', async () => {
  const { exit, found } = await diffTo(OWN_POLICY_FOLDER)
  expect([exit, found.changed, found.unlike]).toEqual([EXIT.ok, [], []])
})

test('counts what it asked and why not the rest, and leaves out nothing', async () => {
  const { found } = await diffTo(OWN_POLICY_FOLDER)
  const tokens = (await hub.records()).filter(({ action }) => action === 'TOKEN').length
  expect(found.notReplayed).toEqual({
    'no-policy': tokens,
    'no-label': 1,
    'not-found': 1,
    'alert-not-there': 1,
  })
  const left = Object.values<number>(found.notReplayed).reduce((sum, count) => sum + count, 0)
  expect(found.asked + left).toBe(await hub.recordCount())
  expect(found.asked).toBe(14)
})

test('one rule less: names whoever would be let in, and nobody else', async () => {
  const next = edited('less', 'read.cedar', (text) => without(text, 'outside-jurisdiction'))
  const { exit, changed, found } = await diffTo(next)
  expect(changed).toEqual([
    `ctd-punjab/analyst read ${RESTRICTED.id}: DENIED outside-jurisdiction → ALLOWED`,
  ])
  expect([exit, found.unlike]).toEqual([EXIT.notAll, []])
})

test('one rule more: names whoever would be shut out, in the order of the log', async () => {
  const rule = '@id("clearance-too-low")\nforbid (principal, action, resource is Alert)\n'
  const next = edited('more', 'read.cedar', (text) => {
    return `${text}\n${rule}when { principal.clearance == 2 };\n`
  })
  const { exit, changed } = await diffTo(next)
  const low = (who: string, { id }: Alert) => `${who} ${id}: ALLOWED → DENIED clearance-too-low`
  expect(changed).toEqual([
    low('ctd-kp/duty-officer publish', RESTRICTED),
    low('nacta/liaison acknowledge', RESTRICTED),
    low('nacta/liaison read', RESTRICTED),
  ])
  expect(exit).toBe(EXIT.notAll)
})

test('tells of what would be exported no more', async () => {
  const next = edited('export', 'export.cedar', (text) => {
    const rule = '@id("not-for-export")\nforbid (principal, action == Action::"export", resource)\n'
    return `${text}\n${rule}when { resource.classification > 0 };\n`
  })
  const { changed } = await diffTo(next)
  expect(changed).toEqual([
    `nacta/coordinator export ${RESTRICTED.id}: ALLOWED → DENIED not-for-export`,
  ])
})

test('asks by the directory as it was: a clearance lowered since changes nothing then', async () => {
  const rule = '@id("clearance-too-low")\nforbid (principal, action == Action::"read", resource)\n'
  const next = edited('secret', 'read.cedar', (text) => {
    return `${text}\n${rule}when { resource.classification == 3 && principal.clearance == 3 };\n`
  })
  const { changed } = await diffTo(next)
  expect(changed).toEqual([`ctd-kp/analyst read ${SECRET.id}: ALLOWED → DENIED clearance-too-low`])
})

test('says how much of the access log a searcher would see', async () => {
  const next = edited('audit', 'audit.cedar', (text) => without(text, 'role-missing'))
  const { changed } = await diffTo(next)
  expect(changed).toEqual(['ctd-kp/analyst search-own -: ALLOWED role-missing → ALLOWED'])
})

test('prints a table for people and no word of what an alert says', async () => {
  const next = edited('table', 'read.cedar', (text) => without(text, 'outside-jurisdiction'))
  const { exit, out } = await rabta('policy', 'diff', OWN_POLICY_FOLDER, next)
  expect(exit).toBe(EXIT.notAll)
  expect(out).toMatch(/ctd-punjab\/analyst +READ .*denied: outside-jurisdiction +allowed/)
  expect(out).toContain('changed  1: 1 newly allowed, 0 newly denied, 0 for other reasons')
  for (const { headline } of RESTRICTED.texts) expect(out).not.toContain(headline)
})

test('takes a policy by the digest under which the hub publishes it', async () => {
  const digest = hex(hub.hub.parts.directory.state.policyDigest ?? new Uint8Array())
  const as = ['--as', 'nacta/coordinator']
  const found = await rabta('policy', 'diff', digest, OWN_POLICY_FOLDER, '--last', '5', ...as)
  expect(found.exit).toBe(EXIT.ok)
  expect(found.out).toContain('records  5: ')
})

test.each([
  ['0', /--last/],
  ['1000001', /--last/],
])('refuses --last %s', async (last, why) => {
  const { exit, err } = await rabta('policy', 'diff', 'policy', 'policy', '--last', last)
  expect(exit).toBe(EXIT.usage)
  expect(err).toMatch(why)
})

// Last: these records stay in the log.
test('says which record the policy would not have made: a finding', async () => {
  const records = await hub.records()
  const denied = records.find(({ reasons }) => reasons.includes('outside-jurisdiction'))
  if (denied === undefined) throw new Error('there is no such record')
  const forged: AccessRecord = { ...denied, outcome: 'ALLOWED', reasons: [], salt: randomBytes(16) }
  const elsewhere: AccessRecord = {
    ...denied,
    directory: { sequence: denied.directory?.sequence ?? 0, digest: randomBytes(32) },
  }
  const other: AccessRecord = {
    ...denied,
    alert: { origin: agencyId('ctd-kp'), id: RESTRICTED.id, digest: randomBytes(32) },
  }
  const entries = [forged, elsewhere, other].map(encodeAccessRecord)
  const [offset] = await hub.hub.parts.log.append(ACCESS_TOPIC, [...entries, randomBytes(9)])
  const { exit, found } = await diffTo(OWN_POLICY_FOLDER)
  expect(exit).toBe(EXIT.notAll)
  expect(found.changed).toEqual([])
  expect(found.unlike.map(({ index }: { readonly index: number }) => index)).toEqual([offset])
  expect(found.notReplayed).toMatchObject({
    'directory-unknown': 1,
    'alert-not-there': 2,
    unreadable: 1,
  })
})
