import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

/**
 * Arrows point inwards. The import lines are read as text, since a tool that resolves them can
 * silently resolve none.
 */
const FILES = execFileSync('git', [
  'ls-files',
  '--cached',
  '--others',
  '--exclude-standard',
  '*.ts',
])
  .toString()
  .split('\n')
  .filter((path) => path !== '' && !path.endsWith('.test.ts') && !path.endsWith('.config.ts'))

interface Import {
  readonly from: string
  readonly what: string
}

const IMPORT = /^(?:import|export)\b[^'"]*?from\s*['"]([^'"]+)['"]|^import\s*['"]([^'"]+)['"]/gm
const DYNAMIC = /\b(?:import|require)\(\s*['"]([^'"]+)['"]/g

const IMPORTS: readonly Import[] = FILES.flatMap((from) => {
  const text = readFileSync(from, 'utf8')
  const found = [...text.matchAll(IMPORT), ...text.matchAll(DYNAMIC)]
  return found.map((match) => ({ from, what: match[1] ?? match[2] ?? '' }))
})

const under = (folder: string): readonly Import[] =>
  IMPORTS.filter(({ from }) => from.startsWith(`${folder}/`))

const offending = (imports: readonly Import[], allowed: (one: Import) => boolean): string[] =>
  imports.filter((one) => !allowed(one)).map(({ from, what }) => `${from} imports ${what}`)

const topOf = (path: string): string => path.split('/').slice(0, 2).join('/')

test('the import lines are found at all', () => {
  for (const folder of ['core', 'adapters', 'services', 'clients']) {
    expect(under(folder).length, folder).toBeGreaterThan(20)
  }
})

test('modules of ours are imported by the imports map, never by a relative path', () => {
  expect(offending(IMPORTS, ({ what }) => !what.startsWith('.'))).toEqual([])
})

test('core imports only core', () => {
  expect(offending(under('core'), ({ what }) => what.startsWith('#core/'))).toEqual([])
})

test('core names no global of a platform that reads time, chance, files or the environment', () => {
  const forbidden =
    /\b(?:Date\.now|new Date\(\)|Math\.random|process\.|Buffer\.|setTimeout|setInterval|fetch\(|console\.)/
  const found = FILES.filter((path) => path.startsWith('core/')).filter((path) =>
    forbidden.test(readFileSync(path, 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')),
  )
  expect(found).toEqual([])
})

test('adapters import core, their own folder and a library; never one another', () => {
  // Hashing and keys on disk are what other adapters are made of, not technologies to swap.
  const shared = ['#adapters/crypto/', '#adapters/files/']
  const allowed = ({ from, what }: Import): boolean =>
    !what.startsWith('#') ||
    what.startsWith('#core/') ||
    what.startsWith(`#${topOf(from)}/`) ||
    shared.some((folder) => what.startsWith(folder))
  expect(offending(under('adapters'), allowed)).toEqual([])
})

test('services name no technology outside main.ts, and only the hub imports services', () => {
  const libraries = ['fastify', 'typebox']
  const allowed = ({ from, what }: Import): boolean => {
    if (what.startsWith('#core/') || what.startsWith('#adapters/http/')) return true
    if (what.startsWith(`#${topOf(from)}/`)) return true
    if (from.endsWith('/main.ts')) {
      return !what.startsWith('#services/') || from === 'services/hub/main.ts'
    }
    return libraries.includes(what)
  }
  expect(offending(under('services'), allowed)).toEqual([])
})

test('the sdk is core and nothing else', () => {
  const allowed = ({ what }: Import): boolean =>
    what.startsWith('#core/') || what.startsWith('#clients/sdk/')
  expect(offending(under('clients/sdk'), allowed)).toEqual([])
})

test('clients import no service', () => {
  expect(offending(under('clients'), ({ what }) => !what.startsWith('#services/'))).toEqual([])
})

test('no default exports, barrels or drawers named utils', () => {
  const texts = FILES.map((path) => ({ path, text: readFileSync(path, 'utf8') }))
  expect(
    texts.filter(({ text }) => /^export (?:default|\*)/m.test(text)).map(({ path }) => path),
  ).toEqual([])
  expect(
    FILES.filter((path) => /(?:^|\/)(?:utils?|helpers?|common|index)\.ts$/.test(path)),
  ).toEqual([])
})

test('files are at most 400 lines, lines at most 100 columns', () => {
  const ours = FILES.filter((path) => path !== 'core/schemas.ts')
  const long = ours.filter((path) => readFileSync(path, 'utf8').split('\n').length > 401)
  expect(long).toEqual([])
})
