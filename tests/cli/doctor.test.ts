import { chmodSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { homePaths } from '#adapters/files/home.ts'
import { EXIT, type Io } from '#clients/cli/command.ts'
import { run } from '#clients/cli/main.ts'
import { openTestHub, type TestHub } from '#tests/test-hub.ts'

let hub: TestHub
let folder: string

beforeAll(async () => {
  hub = await openTestHub()
  folder = mkdtempSync(join(tmpdir(), 'rabta-doctor-'))
})
afterAll(async () => {
  await hub.close()
  hub.home.remove()
  rmSync(folder, { recursive: true })
})

/** The states of a doctor's findings by the names of the checks. */
const doctor = async (...args: readonly string[]) => {
  let out = ''
  const io: Io = {
    out: (text) => {
      out += text
    },
    say: () => undefined,
    isTerminal: false,
    signal: new AbortController().signal,
  }
  const isElsewhere = args.includes('--gateway')
  const at = [...(isElsewhere ? [] : ['--gateway', hub.hub.url ?? '']), '--json']
  const exit = await run(['doctor', ...at, ...args], io)
  const findings: { check: string; state: string; remedy: string | null }[] =
    JSON.parse(out).findings
  for (const { state, remedy } of findings) {
    if (state === 'warn' || state === 'fail') expect(remedy).toBeTruthy()
  }
  return { exit, out, ...Object.fromEntries(findings.map(({ check, state }) => [check, state])) }
}

/** A home of one's own, copied from the hub's. */
const copyOfHome = (name: string): string => {
  const home = join(folder, name)
  cpSync(hub.home.home, home, { recursive: true })
  return home
}

test('all is well for one who publishes and reads, to the proof of what was tried', async () => {
  const found = await doctor(
    ...['--home', hub.home.home, '--as', 'ctd-kp/duty-officer', '--publish'],
  )
  expect(found, found.out).toMatchObject({
    exit: EXIT.ok,
    genesis: 'ok',
    'key files': 'ok',
    'seal keys': 'ok',
    hub: 'ok',
    ready: 'ok',
    token: 'ok',
    directory: 'ok',
    principal: 'ok',
    'authentication key': 'ok',
    'alert key': 'ok',
    checkpoint: 'ok',
    proof: 'skip',
    publish: 'ok',
  })
}, 60_000)

test('an auditor’s newest record is proven', async () => {
  const found = await doctor('--home', hub.home.home, '--as', 'ctd-kp/security-officer')
  expect(found).toMatchObject({ exit: EXIT.ok, proof: 'ok' })
  const system = await doctor('--home', hub.home.home, '--as', 'ctd-kp/feed-system', '--publish')
  expect(system).toMatchObject({ exit: EXIT.ok, publish: 'skip' })
}, 60_000)

test('a client’s home has no folder of the hub, and nothing is missed', async () => {
  const home = copyOfHome('client')
  for (const part of ['hub', 'data', 'root', 'directory.seed']) {
    rmSync(join(home, part), { recursive: true })
  }
  const found = await doctor('--home', home, '--as', 'ctd-kp/analyst')
  expect(found, found.out).toMatchObject({
    exit: EXIT.ok,
    genesis: 'skip',
    'hub keys': 'skip',
    'seal keys': 'skip',
    directory: 'ok',
  })
}, 60_000)

test('each fault is found where it is', async () => {
  const home = copyOfHome('faulty')
  const paths = homePaths(home)
  const as = ['--home', home, '--as', 'ctd-kp/analyst'] as const
  chmodSync(paths.agency('ctd-kp').alertKey, 0o644)
  expect(await doctor(...as)).toMatchObject({ exit: EXIT.usage, 'key files': 'fail' })
  chmodSync(paths.agency('ctd-kp').alertKey, 0o600)

  cpSync(paths.rootKey, paths.agency('ctd-kp').alertKey)
  const keys = await doctor(...as)
  expect(keys).toMatchObject({ exit: EXIT.notAll, 'alert key': 'fail' })

  expect(await doctor(...as, '--gateway', 'http://127.0.0.1:9')).toMatchObject({
    exit: EXIT.unreachable,
    hub: 'fail',
  })
  writeFileSync(paths.directorySeed, `${Buffer.from('forged').toString('base64')}\n`)
  expect(await doctor('--home', home)).toMatchObject({ exit: EXIT.unverified, genesis: 'fail' })
  rmSync(paths.federation)
  expect(await doctor('--home', home)).toMatchObject({ home: 'fail' })
}, 60_000)
