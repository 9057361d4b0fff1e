import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { EXIT } from '#clients/cli/command.ts'
import { COMMANDS } from '#clients/cli/commands.ts'
import { ALARMS } from '#core/alarm.ts'
import { REFUSALS } from '#core/refusal.ts'
import { withSettings } from '#tools/generate-settings.ts'

const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'docs/design.md',
  'docs/cli.md',
  'docs/api.md',
  'docs/operations.md',
  'docs/examples/README.md',
  'clients/sdk/README.md',
  'docs/sdk.md',
  'docs/threat-model.md',
  'docs/asvs.md',
  'SECURITY.md',
]

test('docs/api.md lists every refusal with its status', () => {
  const api = readFileSync('docs/api.md', 'utf8')
  for (const [code, [status]] of Object.entries(REFUSALS)) {
    expect(api).toContain(`| \`${code}\` | ${status} |`)
  }
})

test('docs/operations.md lists every alarm', () => {
  const operations = readFileSync('docs/operations.md', 'utf8')
  for (const alarm of Object.keys(ALARMS)) expect(operations).toContain(`| \`${alarm}\` |`)
})

test('docs/operations.md has the table of settings as it is: npm run settings', () => {
  const operations = readFileSync('docs/operations.md', 'utf8')
  expect(withSettings(operations)).toBe(operations)
})

test('docs/cli.md lists every command and exit code', () => {
  const cli = readFileSync('docs/cli.md', 'utf8')
  for (const { name } of COMMANDS) expect(cli).toMatch(new RegExp(`^\\| \`${name}\\b`, 'm'))
  for (const code of Object.values(EXIT)) expect(cli).toContain(`| ${code} |`)
})

test.each(PAGES)('the links of %s lead somewhere', (page) => {
  const text = readFileSync(page, 'utf8')
  const links = [...text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map((match) => match[1] ?? '')
  const local = links.filter((link) => !/^[a-z]+:/.test(link))
  const missing = local.filter((link) => !existsSync(join(dirname(page), link)))
  expect(missing).toEqual([])
})
