import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { homePaths } from '#adapters/files/home.ts'
import { openTestHub, type TestHub } from '#tests/test-hub.ts'

const FOLDER = 'docs/examples'
const LINES_MAX = 36

let hub: TestHub
beforeAll(async () => {
  hub = await openTestHub()
})
afterAll(async () => {
  await hub.close()
  hub.home.remove()
})

interface Ended {
  readonly code: number | null
  readonly out: string
}

/** An example as a person runs it: a process of its own. It is told to stop once `enough` came. */
const example = (
  name: string,
  principal: string,
  { args = [], enough }: { readonly args?: readonly string[]; readonly enough?: RegExp } = {},
): Promise<Ended> => {
  const flags = ['--disable-warning=ExperimentalWarning', join(FOLDER, `${name}.ts`)]
  const settings = {
    RABTA_HOME: hub.home.home,
    RABTA_AS: principal,
    RABTA_GATEWAY: hub.hub.url ?? '',
  }
  const child = spawn(process.execPath, [...flags, ...args], {
    env: { ...process.env, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      out += text
      if (enough?.test(out)) child.kill('SIGTERM')
    })
  }
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out })))
}

const DUTY_OFFICER = 'ctd-kp/duty-officer'
const SECURITY_OFFICER = 'ctd-kp/security-officer'
const COORDINATOR = 'nacta/coordinator'

test('an alert goes its whole way by the examples', async () => {
  const published = await example('publish', DUTY_OFFICER)
  const [name = ''] = /^ctd-kp\/[0-9a-f-]{36}/.exec(published.out) ?? []
  expect(published, published.out).toMatchObject({ code: 0 })
  await hub.settled()

  const page = await example('subscribe', COORDINATOR)
  expect(page, page.out).toMatchObject({ code: 0 })
  expect(page.out).toContain(`${name} Invented: an example`)
  expect(await example('subscribe', COORDINATOR)).toEqual({ code: 0, out: '' })

  const live = await example('follow', COORDINATOR, { enough: /acknowledged/ })
  expect(live, live.out).toMatchObject({ code: 0 })
  expect(live.out).toContain(`PRIORITY ${name} acknowledged`)
  await hub.settled()

  const given = await example('who-was-given', SECURITY_OFFICER, { args: [name] })
  expect(given, given.out).toMatchObject({ code: 0 })
  const lines = given.out.trim().split('\n')
  expect(lines).toHaveLength(3)
  for (const line of lines) expect(line).toMatch(/nacta\/coordinator (?:RELEASE|ACK).* included$/)

  const receipt = join(hub.home.home, 'newest.tlog-proof')
  const audited = await example('audit', SECURITY_OFFICER, { args: [receipt] })
  expect(audited, audited.out).toMatchObject({ code: 0 })
  expect(audited.out).toContain(`was by ${DUTY_OFFICER}`)

  const key = hub.hub.parts.directory.state.logVerifierKey ?? ''
  const verified = await example('verify-offline', DUTY_OFFICER, { args: [receipt, key] })
  expect(verified).toEqual({
    code: 0,
    out: expect.stringContaining(`${DUTY_OFFICER} PUBLISH ${name}`),
  })
  const other = `${key.slice(0, -6)}AAAAAA`
  const refused = await example('verify-offline', DUTY_OFFICER, { args: [receipt, other] })
  expect(refused, refused.out).toMatchObject({ code: 5 })
}, 180_000)

test('an administrator adds a post, which can read at once', async () => {
  const added = await example('add-principal', 'ctd-kp/administrator', { args: ['desk-2'] })
  expect(added, added.out).toMatchObject({ code: 0 })
  expect(existsSync(homePaths(hub.home.home).agency('ctd-kp').principalKey('desk-2'))).toBe(true)
  const read = await example('subscribe', 'ctd-kp/desk-2')
  expect(read, read.out).toMatchObject({ code: 0 })
}, 120_000)

describe('each example', () => {
  const programs = readdirSync(FOLDER).filter((name) => name.endsWith('.ts'))

  test.each(programs.filter((name) => name !== 'open-session.ts'))('%s is short', (name) => {
    const text = readFileSync(join(FOLDER, name), 'utf8')
    expect(text.split('\n').length).toBeLessThanOrEqual(LINES_MAX)
    expect(text).toContain(`node docs/examples/${name}`)
  })

  test('is listed for its readers', () => {
    const page = readFileSync('docs/examples/README.md', 'utf8')
    for (const name of programs) expect(page).toContain(`](${name})`)
  })
})
