import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'rabta-launcher-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const LAUNCHER = join('bin', 'rabta')

/** Makes the launcher's own Node say that it is old, as the first on the PATH may be. */
const OLD = "data:text/javascript,Object.defineProperty(process,'version',{value:'v20.20.2'})"

const launched = (launcher: string, ...args: readonly string[]) =>
  spawnSync(process.execPath, ['--import', OLD, launcher, ...args], { encoding: 'utf8' })

test('under an old Node it runs the one that npm has brought', () => {
  const { status, stdout } = launched(LAUNCHER, '--help')
  expect([status, stdout.includes('rabta COMMAND')]).toEqual([0, true])
})

test('where there is no Node that is new enough, it says what to do', () => {
  mkdirSync(join(folder, 'bin'), { recursive: true })
  cpSync(LAUNCHER, join(folder, 'bin', 'rabta.mjs'))
  const { status, stderr } = launched(join(folder, 'bin', 'rabta.mjs'), '--help')
  expect(status).toBe(69)
  expect(stderr).toContain('this is v20.20.2')
  expect(stderr).toContain('npm ci')
})

test('it hands on the command’s exit code', () => {
  expect(spawnSync(LAUNCHER, ['no-such-command']).status).toBe(2)
  expect(execFileSync(LAUNCHER, ['feed', '--help']).toString()).toContain('--as AGENCY/NAME')
})
