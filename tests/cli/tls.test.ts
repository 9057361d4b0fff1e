import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ChildService, startService } from '#clients/cli/child-service.ts'
import { EXIT } from '#clients/cli/command.ts'
import { type IdentityFiles, newAuthority, PemFolder } from '#tests/certificates.ts'
import { runRabta } from '#tests/run-rabta.ts'
import { makeTemporaryHome, type TemporaryHome } from '#tests/temporary-home.ts'

const DEADLINE = { timeout: 60_000 }

const authority = newAuthority('authority of clients')
const folder = new PemFolder()
const lines: string[] = []
let home: TemporaryHome
let hub: ChildService
let authorityFile: string
let client: IdentityFiles
let draft: string

beforeAll(async () => {
  home = await makeTemporaryHome()
  authorityFile = folder.write('clients.crt', authority.certificate)
  client = folder.writeIdentity('client', authority.issue('client'))
  const { certificateFile, keyFile } = folder.writeIdentity('hub', authority.issue('hub'))
  const settings = {
    RABTA_HOME: home.home,
    RABTA_LISTEN: '127.0.0.1:0',
    RABTA_TLS_CERTIFICATE: certificateFile,
    RABTA_TLS_KEY: keyFile,
    RABTA_TLS_CLIENT_CA: authorityFile,
  }
  hub = await startService('hub', settings, (line) => lines.push(line))
  draft = join(folder.path, 'draft.json')
  writeFileSync(
    draft,
    JSON.stringify({
      label: { classification: 'SECRET', jurisdictions: ['PK-KP', 'PK'] },
      texts: [{ language: 'en', headline: 'Invented', narrative: 'Nothing happened.' }],
    }),
  )
}, 60_000)
afterAll(async () => {
  await hub.stop()
  home.remove()
  folder.remove()
})

const rabta = (...args: readonly string[]) =>
  runRabta([...args, '--home', home.home, '--gateway', hub.url ?? ''])
const certified = (): readonly string[] => {
  const { certificateFile, keyFile } = client
  return ['--client-certificate', certificateFile, '--client-key', keyFile]
}
const publish = (...args: readonly string[]) =>
  rabta('publish', draft, '--as', 'ctd-kp/feed-system', '--json', ...args)

test('with its certificate the command line publishes and reads what is SECRET', async () => {
  expect(hub.url).toMatch(/^https:/)
  const trust = ['--ca', authorityFile, ...certified()]
  const published = await publish(...trust)
  expect(published.exit).toBe(EXIT.ok)
  const { id } = JSON.parse(published.out)
  const feed = async () => {
    const { out } = await rabta('feed', '--as', 'nacta/coordinator', '--all', ...trust)
    return out
  }
  await expect.poll(feed, DEADLINE).toContain(id)
})

test('without it, or without the authority of the hub, there is no way in', async () => {
  expect((await publish('--ca', authorityFile)).exit).toBe(EXIT.unreachable)
  expect((await publish(...certified())).exit).toBe(EXIT.unreachable)
})

test('a certificate without its key is a mistake', async () => {
  const { certificateFile } = client
  const half = await publish('--ca', authorityFile, '--client-certificate', certificateFile)
  expect(half.exit).toBe(EXIT.usage)
})

test.runIf(process.platform !== 'win32')(
  'at SIGHUP the hub reads its certificate again, and keeps the old one if it is no good',
  async () => {
    const next = newAuthority('the next authority')
    const nextFile = folder.write('next.crt', next.certificate)
    const told = (words: string) =>
      expect.poll(() => lines.some((line) => line.includes(words)), DEADLINE).toBe(true)
    folder.write('hub.crt', 'no certificate')
    hub.process.kill('SIGHUP')
    await told('the certificates and keys stay as they were')
    expect((await publish('--ca', authorityFile, ...certified())).exit).toBe(EXIT.ok)
    folder.writeIdentity('hub', next.issue('hub'))
    hub.process.kill('SIGHUP')
    await told('the certificates and keys were read again')
    expect((await publish('--ca', nextFile, ...certified())).exit).toBe(EXIT.ok)
    expect((await publish('--ca', authorityFile, ...certified())).exit).toBe(EXIT.unreachable)
  },
  120_000,
)
