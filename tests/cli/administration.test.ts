import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { generateKey, privateKeyFrom } from '#adapters/crypto/private-key.ts'
import { openSigner } from '#adapters/crypto/signer.ts'
import { homePaths } from '#adapters/files/home.ts'
import { EXIT } from '#clients/cli/command.ts'
import { jwkOf } from '#core/jwk.ts'
import { isPrincipalId, type PrincipalId } from '#core/principal.ts'
import { DIRECTORY_TOPIC } from '#core/topics.ts'
import { enter } from '#tests/directory-entries.ts'
import { runRabta } from '#tests/run-rabta.ts'
import { agencyId, sampleAlert } from '#tests/sample-alert.ts'
import { openTestHub, signed, type TestHub } from '#tests/test-hub.ts'

let hub: TestHub

beforeAll(async () => {
  hub = await openTestHub()
})
afterAll(async () => {
  await hub.close()
  hub.home.remove()
})

const rabta = (...args: readonly string[]) =>
  runRabta([...args, '--home', hub.home.home, '--gateway', hub.hub.url ?? ''])

const ADMINISTRATOR = ['--as', 'ctd-kp/administrator']
const state = () => hub.hub.parts.directory.state
const principal = (text: string): PrincipalId => {
  if (!isPrincipalId(text)) throw new RangeError(text)
  return text
}
const standing = (text: string) => state().standingOf(principal(text), 'live')

test('a principal is added with its key, and can read; suspended, it cannot', async () => {
  const about = ['--clearance', 'RESTRICTED', '--jurisdictions', 'PK-KP', '--roles', 'subscriber']
  const set = await rabta('principal', 'set', 'ctd-kp/desk-2', ...about, ...ADMINISTRATOR)
  expect([set.exit, set.err]).toEqual([EXIT.ok, ''])
  const login = ['--usage', 'authentication', '--principal', 'ctd-kp/desk-2']
  const added = await rabta('key', 'add', ...login, ...ADMINISTRATOR)
  expect(added.exit).toBe(EXIT.ok)
  expect(
    statSync(homePaths(hub.home.home).agency('ctd-kp').principalKey('desk-2')).mode & 0o77,
  ).toBe(0)
  expect((await rabta('feed', '--all', '--as', 'ctd-kp/desk-2')).exit).toBe(EXIT.ok)
  const out = await rabta('principal', 'suspend', 'ctd-kp/desk-2', ...ADMINISTRATOR)
  expect(out.exit).toBe(EXIT.ok)
  expect(standing('ctd-kp/desk-2')).toMatchObject({ active: false, clearance: 'RESTRICTED' })
  expect((await rabta('feed', '--all', '--as', 'ctd-kp/desk-2')).exit).toBe(EXIT.refused)
})

test('a change of one thing leaves the others as they are, a suspension too', async () => {
  await rabta('principal', 'suspend', 'ctd-kp/analyst', ...ADMINISTRATOR)
  await rabta('principal', 'set', 'ctd-kp/analyst', '--clearance', 'RESTRICTED', ...ADMINISTRATOR)
  expect(standing('ctd-kp/analyst')).toMatchObject({
    active: false,
    clearance: 'RESTRICTED',
    caveats: ['PROTECTED_PERSON'],
    roles: ['subscriber'],
  })
  await rabta('principal', 'resume', 'ctd-kp/analyst', ...ADMINISTRATOR)
  expect(standing('ctd-kp/analyst')?.active).toBe(true)
})

test('what the directory would ignore is not sent, and the fault is explained', async () => {
  const length = await hub.hub.parts.log.head(DIRECTORY_TOPIC)
  const high = ['--clearance', 'TOP_SECRET', ...ADMINISTRATOR]
  const beyond = await rabta('principal', 'set', 'ctd-kp/analyst', ...high)
  expect([beyond.exit, beyond.err.includes('ceiling')]).toEqual([EXIT.usage, true])
  const other = await rabta(
    'agency',
    'suspend',
    'ctd-gb',
    '--key',
    administratorFile(),
    ...ADMINISTRATOR,
  )
  expect([other.exit, other.err.includes('not-authorised')]).toEqual([EXIT.usage, true])
  expect(await hub.hub.parts.log.head(DIRECTORY_TOPIC)).toBe(length)
})

const administratorFile = (): string => homePaths(hub.home.home).agency('ctd-kp').administratorKey

test('a dry run shows the entry, sends nothing and leaves no key behind', async () => {
  const { sequence } = state()
  const files = readdirSync(join(hub.home.home, 'agencies', 'ctd-kp'))
  const rotated = await rabta('key', 'rotate', '--dry-run', ...ADMINISTRATOR)
  expect(JSON.parse(rotated.out)).toMatchObject({
    sequence: sequence + 1,
    change: { type: 'KeyAdded', agency: 'ctd-kp', usage: 'alert_signing' },
  })
  expect(state().sequence).toBe(sequence)
  expect(readdirSync(join(hub.home.home, 'agencies', 'ctd-kp'))).toEqual(files)
})

test('a rotated key signs beside the old one until that is revoked', async () => {
  const folder = join(hub.home.home, 'agencies', 'ctd-kp')
  const rotated = await rabta('key', 'rotate', ...ADMINISTRATOR)
  expect(rotated.exit).toBe(EXIT.ok)
  const old = hub.home.alertSigner('ctd-kp')
  expect(rotated.err).toContain(`rabta key revoke ${old.keyId}`)
  const file = readdirSync(folder).find((name) => /^alert-signing\..{43}\.pem$/.test(name)) ?? ''
  const fresh = openSigner(readFileSync(join(folder, file), 'utf8'))
  const publish = async (signer: typeof old) =>
    (await hub.publish(await signed(sampleAlert(), signer), 'ctd-kp/feed-system')).status
  expect([await publish(old), await publish(fresh)]).toEqual([201, 201])
  expect((await rabta('key', 'revoke', old.keyId, ...ADMINISTRATOR)).exit).toBe(EXIT.ok)
  expect([await publish(old), await publish(fresh)]).toEqual([403, 201])
  await hub.settled()
  expect((await rabta('feed', '--all', '--as', 'nacta/coordinator')).exit).toBe(EXIT.ok)
  const since = ['--compromised-since', new Date(Date.now() - 60_000).toISOString()]
  expect((await rabta('key', 'revoke', old.keyId, ...since, ...ADMINISTRATOR)).exit).toBe(EXIT.ok)
  expect(state().keys.get(old.keyId)?.revoked?.compromisedSinceMs).toBeGreaterThan(0)
})

test('a new agency gets its administrator a key to call with, carried by another', async () => {
  const key = join(hub.home.home, 'fia.pem')
  rmSync(key, { force: true })
  const { privatePem } = generateKey('Ed25519')
  writeFileSync(key, privatePem, { mode: 0o600 })
  const as = ['--as', 'nacta/coordinator']
  const about = ['--jurisdiction', 'PK', '--ceiling', 'SECRET', '--administrator-key', key]
  expect((await rabta('agency', 'add', 'fia', ...about, ...as)).exit).toBe(EXIT.ok)
  const login = ['--usage', 'authentication', '--principal', 'fia/administrator', '--key', key]
  expect((await rabta('key', 'add', ...login, ...as)).exit).toBe(EXIT.ok)
  const set = ['--clearance', 'SECRET', '--jurisdictions', 'PK', '--roles', 'subscriber']
  const own = ['--key', key, '--as', 'fia/administrator']
  expect((await rabta('principal', 'set', 'fia/desk', ...set, ...own)).exit).toBe(EXIT.ok)
  expect((await rabta('agency', 'suspend', 'fia', ...as)).exit).toBe(EXIT.ok)
  expect(standing('fia/desk')?.active).toBe(false)
  expect((await rabta('agency', 'resume', 'fia', ...as)).exit).toBe(EXIT.ok)
  expect(standing('fia/desk')?.active).toBe(true)
})

test('the log tells an agency what was entered in its name, by whom, what was ignored', async () => {
  const { keyId } = privateKeyFrom(readFileSync(administratorFile(), 'utf8'))
  const officer = ['--agency', 'ctd-gb', '--as', 'ctd-kp/security-officer']
  const before = await rabta('directory', 'log', ...officer)
  expect(before.exit).toBe(EXIT.ok)
  expect(before.out).not.toContain('ctd-kp')
  expect(before.out).toContain('key ')
  // Somebody with the broker’s disk suspends a province with a key of another’s.
  const forged = { type: 'AgencyStanding', agency: agencyId('ctd-gb'), suspended: true } as const
  await enter(hub, hub.home.administratorSigner('ctd-kp'), forged)
  const after = await rabta('directory', 'log', ...officer)
  expect(after.exit).toBe(EXIT.notAll)
  expect(after.out).toMatch(/^IGNORED {2}offset \d+ {2}not-authorised/m)
  expect(after.out).toContain(`claims ctd-kp/administrator, key ${keyId}`)
  const { sequence } = state()
  const later = await rabta('directory', 'log', '--since', String(sequence + 1), ...officer)
  // What was ignored shows whatever is asked for; nothing else came since.
  expect(later.out.match(/^(?:entry|IGNORED)/gm)).toEqual(['IGNORED'])
  expect(later.err).toContain(`--since ${sequence + 1}`)
  const shown = await rabta('directory', 'show', '--json', ...officer)
  expect(JSON.parse(shown.out).agencies).toMatchObject([{ id: 'ctd-gb' }])
})

test('a key is entered by its public half only with the proof of whoever holds it', async () => {
  const made = generateKey('ES256')
  const file = (name: string, content: string) => {
    const path = join(hub.home.home, name)
    writeFileSync(path, content, { mode: 0o600 })
    return path
  }
  const secret = file('clerk.pem', made.privatePem)
  const open = file('clerk.jwk', JSON.stringify(jwkOf(made.publicKey)))
  const about = ['--clearance', 'RESTRICTED', '--jurisdictions', 'PK-KP', '--roles', 'subscriber']
  await rabta('principal', 'set', 'ctd-kp/clerk', ...about, ...ADMINISTRATOR)
  const prove = (owner: string) =>
    rabta('key', 'prove', '--usage', 'authentication', '--principal', owner, '--from', secret)
  const add = ['--usage', 'authentication', '--principal', 'ctd-kp/clerk', '--from', open]
  const bare = await rabta('key', 'add', ...add, ...ADMINISTRATOR)
  expect([bare.exit, bare.err.includes('--possession')]).toEqual([EXIT.usage, true])
  const wrong = file('wrong.proof', (await prove('ctd-kp/analyst')).out)
  const refused = await rabta('key', 'add', ...add, '--possession', wrong, ...ADMINISTRATOR)
  expect([refused.exit, refused.err.includes('no-possession')]).toEqual([EXIT.usage, true])
  const right = file('right.proof', (await prove('ctd-kp/clerk')).out)
  const added = await rabta('key', 'add', ...add, '--possession', right, ...ADMINISTRATOR)
  expect(added.exit).toBe(EXIT.ok)
  expect(state().keys.get(made.keyId)?.principal).toBe('ctd-kp/clerk')
})

test('an agency whose only administrator is gone is repaired in the open', async () => {
  const as = ['--as', 'nacta/coordinator']
  const post = ['--administrator', 'administrator-2', ...as]
  const lost = homePaths(hub.home.home).agency('ctd-ajk').administratorKey
  const { keyId } = privateKeyFrom(readFileSync(lost, 'utf8'))
  const own = ['--as', 'ctd-ajk/administrator']
  const lastOne = await rabta('key', 'revoke', keyId, ...own)
  expect([lastOne.exit, lastOne.err.includes('last-administrator')]).toEqual([EXIT.usage, true])
  const early = await rabta('agency', 'replace-administrators', 'ctd-ajk', ...post)
  expect([early.exit, early.err.includes('not-suspended')]).toEqual([EXIT.usage, true])
  for (const words of [
    ['suspend', 'ctd-ajk', ...as],
    ['replace-administrators', 'ctd-ajk', ...post],
    ['resume', 'ctd-ajk', ...as],
  ]) {
    expect((await rabta('agency', ...words)).exit).toBe(EXIT.ok)
  }
  expect(state().keys.get(keyId)?.revoked).not.toBeNull()
  expect(standing('ctd-ajk/administrator')?.roles).toEqual([])
  const post2 = [...state().keys.values()].find(
    ({ principal }) => principal === 'ctd-ajk/administrator-2',
  )
  const key = homePaths(hub.home.home)
    .agency('ctd-ajk')
    .newKey('directory_signing', post2?.id ?? '')
  const login = ['--usage', 'authentication', '--principal', 'ctd-ajk/administrator-2']
  expect((await rabta('key', 'add', ...login, '--key', key, ...as)).exit).toBe(EXIT.ok)
  const log = await rabta('directory', 'log', '--agency', 'ctd-ajk', ...as)
  expect(log.out).toContain('ROOT KEYS REPLACE ALL ADMINISTRATORS of ctd-ajk')
})

test('root keys grant what is theirs, and take the place of one another', async () => {
  const as = ['--as', 'nacta/coordinator']
  const auditor = ['grant-auditor', 'ctd-kp/security-officer', '--in', 'live']
  expect((await rabta('root', ...auditor, ...as)).exit).toBe(EXIT.ok)
  expect(standing('ctd-kp/security-officer')?.roles).toContain('national-auditor')
  const root = join(hub.home.home, 'root-2.pem')
  const made = generateKey('Ed25519')
  writeFileSync(root, made.privatePem, { mode: 0o600 })
  const { keyId } = hub.home.rootSigner
  const change = ['change-keys', '--add', root, '--remove', keyId]
  expect((await rabta('root', ...change, ...as)).exit).toBe(EXIT.ok)
  expect([...state().rootKeys.keys()]).toEqual([made.keyId])
  const withdraw = ['withdraw-auditor', 'ctd-kp/security-officer']
  const former = await rabta('root', ...withdraw, ...as)
  expect([former.exit, former.err.includes('not-authorised')]).toEqual([EXIT.usage, true])
  expect((await rabta('root', ...withdraw, '--key', root, ...as)).exit).toBe(EXIT.ok)
  expect(standing('ctd-kp/security-officer')?.roles).not.toContain('national-auditor')
  const back = ['change-keys', '--add', join(hub.home.home, 'root-3.pem'), '--key', root]
  writeFileSync(back[2] ?? '', generateKey('Ed25519').privatePem, { mode: 0o600 })
  const two = await rabta('root', ...back, '--signatures-min', '2', ...as)
  expect([two.exit, state().rootSignaturesMin]).toEqual([EXIT.ok, 2])
  // Two who are not in one place sign one after the other.
  const file = join(hub.home.home, 'suspension')
  const first = ['suspend', 'ctd-gb', '--key', root, '--to-sign', file]
  expect((await rabta('agency', ...first, ...as)).exit).toBe(EXIT.ok)
  const tooFew = await rabta('root', 'send', file, ...as)
  expect([tooFew.exit, tooFew.err.includes('not-authorised')]).toEqual([EXIT.usage, true])
  const shown = await rabta('root', 'sign', file)
  expect([shown.exit, shown.out.includes('agency ctd-gb suspended')]).toEqual([EXIT.ok, true])
  expect((await rabta('root', 'send', file, ...as)).exit).toBe(EXIT.usage)
  const signing = await rabta('root', 'sign', file, '--key', back[2] ?? '')
  expect([signing.exit, signing.out.includes('agency ctd-gb suspended')]).toEqual([EXIT.ok, true])
  expect((await rabta('root', 'send', file, ...as)).exit).toBe(EXIT.ok)
  expect(standing('ctd-gb/analyst')?.active).toBe(false)
})

test.each([
  ['principal', 'set', 'ctd-kp/desk-3', '--clearance', 'SECRET'],
  ['principal', 'suspend', 'ctd-kp/nobody'],
  ['principal', 'promote', 'ctd-kp/analyst'],
  ['principal', 'set', 'ctd-kp/analyst', '--roles', 'national-auditor'],
  ['key', 'add', '--usage', 'authentication'],
  ['key', 'revoke', 'not-a-key-id'],
  ['key', 'revoke', 'A'.repeat(43), '--compromised-since', '2026-11-01'],
  ['agency', 'add', 'fia2', '--jurisdiction', 'PK-XX', '--ceiling', 'SECRET'],
  ['directory', 'erase'],
  ['directory', 'log', '--since', 'yesterday'],
  ['root', 'change-keys', '--remove', 'x'],
  ['root', 'grant-auditor'],
  ['key', 'prove', '--usage', 'alert-signing'],
])('a mistake is explained: rabta %s %s', async (...args) => {
  const { exit, err } = await rabta(...args, ...ADMINISTRATOR)
  expect(exit).toBe(EXIT.usage)
  expect(err).toContain(`rabta ${args[0]}`)
})
