import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { generateKey } from '#adapters/crypto/private-key.ts'
import { homePaths } from '#adapters/files/home.ts'
import { EXIT } from '#clients/cli/command.ts'
import { runRabta } from '#tests/run-rabta.ts'
import { sampleAlert } from '#tests/sample-alert.ts'
import { openTestHub, signed, type TestHub } from '#tests/test-hub.ts'

const KP = 'ctd-kp/feed-system'
const READER = 'nacta/coordinator'
let hub: TestHub

beforeEach(async () => {
  hub = await openTestHub()
})
afterEach(async () => {
  await hub.close()
  hub.home.remove()
})

const rabta = (...args: readonly string[]) => runRabta(args)

/** What SIGHUP does. */
const reload = async (): Promise<void> => hub.hub.reload?.()

const publish = async (): Promise<{ readonly id: string; readonly status: number }> => {
  const alert = sampleAlert()
  const answer = await hub.publish(await signed(alert, hub.home.alertSigner('ctd-kp')), KP)
  return { id: alert.id, status: answer.status }
}

const keyIdOf = (token: string): string =>
  JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid

test('the key for tokens is changed under traffic, and nobody is sent away', async () => {
  const statuses: number[] = []
  let isOver = false
  const asking = async (): Promise<void> => {
    while (!isOver) {
      const fresh = await hub.askAs(READER)
      const authorization = `Bearer ${fresh.json['access_token']}`
      const read = await hub.request('/v1/feed', { headers: { authorization } })
      const old = await hub.get('/v1/feed', KP)
      statuses.push(fresh.status, read.status, old.status === 401 ? 401 : 200)
    }
  }
  const before = await hub.token(READER)
  const traffic = Promise.all([asking(), asking()])
  const at = ['--home', hub.home.home, '--gateway', hub.hub.url ?? '', '--as', READER]
  const rotated = await rabta('key', 'rotate', '--usage', 'token-signing', ...at)
  expect(rotated.exit, rotated.err).toBe(EXIT.ok)
  expect(rotated.err).toContain(`rabta key revoke ${keyIdOf(before)}`)
  const folder = join(hub.home.home, 'hub')
  const [made = ''] = readdirSync(folder).filter((name) => /^token-signing\..+\.pem$/.test(name))
  const { tokenKey } = homePaths(hub.home.home)
  renameSync(join(folder, made), tokenKey)
  await reload()
  const after = String((await hub.askAs(READER)).json['access_token'])
  expect(keyIdOf(after)).not.toBe(keyIdOf(before))
  isOver = true
  await traffic
  expect(new Set(statuses)).toEqual(new Set([200]))
  // Tokens of before are good until the old key is revoked, which is after the last has run out.
  const ask = (token: string) =>
    hub.request('/v1/feed', { headers: { authorization: `Bearer ${token}` } })
  expect((await ask(before)).status).toBe(200)
  expect((await rabta('key', 'revoke', ...at, '--', keyIdOf(before))).exit).toBe(EXIT.ok)
  expect([(await ask(before)).status, (await ask(after)).status]).toEqual([401, 200])
})

test('a key for tokens that the directory does not know is not signed with', async () => {
  const { tokenKey } = homePaths(hub.home.home)
  writeFileSync(tokenKey, generateKey('ES256').privatePem)
  await expect(reload()).rejects.toThrow('not in the directory')
  expect((await hub.askAs(READER)).status).toBe(200)
  expect((await hub.get('/v1/feed', READER)).status).toBe(200)
})

test('seal keys for later months are added beside a hub at work, for the levels that it has', async () => {
  const home = ['--home', hub.home.home]
  const before = JSON.parse((await rabta('seal', 'list', '--json', ...home)).out)
  expect((await rabta('seal', 'add-months', '3', ...home)).exit).toBe(EXIT.ok)
  const after = JSON.parse((await rabta('seal', 'list', '--json', ...home)).out)
  expect(after.series.map((one: { keys: number }) => one.keys)).toEqual(
    before.series.map((one: { keys: number }) => one.keys + 3),
  )
  const { seal } = hub.hub.gateway.deps
  const last = Date.parse(`${after.series[0].to}-15T00:00:00Z`)
  expect(seal.keyIdFor('live', 'SECRET', last)).toBeNull()
  await reload()
  expect(seal.keyIdFor('live', 'SECRET', last)).not.toBeNull()
  expect((await publish()).status).toBe(201)
})

test('a seal key that is destroyed erases what it sealed, in a hub at work too', async () => {
  const { id } = await publish()
  await hub.settled()
  expect((await hub.get(`/v1/alerts/ctd-kp/${id}`, READER)).status).toBe(200)
  const { label } = sampleAlert()
  const { seal, clock } = hub.hub.gateway.deps
  const keyId = seal.keyIdFor('live', label.classification, clock.nowMs()) ?? ''
  const home = ['--home', hub.home.home]
  expect((await rabta('seal', 'destroy', keyId, ...home)).exit).toBe(EXIT.usage)
  expect((await rabta('seal', 'destroy', 'live.SECRET.1999-01.1', '--yes', ...home)).exit).toBe(
    EXIT.usage,
  )
  expect((await rabta('seal', 'destroy', keyId, '--yes', ...home)).exit).toBe(EXIT.ok)
  const file = readFileSync(join(homePaths(hub.home.home).seal, 'live.json'), 'utf8')
  expect(JSON.parse(file).keys.map((key: { id: string }) => key.id)).not.toContain(keyId)
  await reload()
  expect((await hub.get(`/v1/alerts/ctd-kp/${id}`, READER)).status).toBe(410)
})
