import { readdirSync } from 'node:fs'
import { build, type Metafile } from 'esbuild'
import { beforeAll, expect, test } from 'vitest'

/** Everything that is in the sdk, used, so that nothing is left out of the bundle. */
const MODULES = readdirSync('clients/sdk').filter(
  (name) => name.endsWith('.ts') && !name.endsWith('.test.ts'),
)
const ENTRY = MODULES.map((name, at) => `import * as m${at} from '#clients/sdk/${name}'`).concat(
  `globalThis.sdk = [${MODULES.map((_, at) => `m${at}`)}]`,
)

let text = ''
let meta: Metafile

const bundle = (contents: string) =>
  build({
    stdin: { contents, resolveDir: process.cwd(), loader: 'ts' },
    bundle: true,
    write: false,
    metafile: true,
    minify: true,
    platform: 'browser',
    format: 'esm',
    target: 'es2024',
    logLevel: 'silent',
  })

beforeAll(async () => {
  const built = await bundle(ENTRY.join('\n'))
  text = built.outputFiles[0]?.text ?? ''
  meta = built.metafile
})

test('the whole sdk bundles for a browser', () => {
  expect(MODULES.length).toBeGreaterThan(20)
  const inputs = Object.keys(meta.inputs)
  for (const name of MODULES) expect(inputs).toContain(`clients/sdk/${name}`)
  process.stdout.write(`  sdk bundle, minified: ${text.length.toLocaleString('en')} characters\n`)
})

test('it is made of the sdk and core alone, and asks for nothing at run time', () => {
  const inputs = Object.keys(meta.inputs).filter((path) => path !== '<stdin>')
  const others = inputs.filter((path) => !/^(?:clients\/sdk|core)\//.test(path))
  expect(others).toEqual([])
  const outside = Object.values(meta.outputs).flatMap(({ imports }) => imports)
  expect(outside).toEqual([])
})

test('it makes no code of text, which a strict content security policy forbids', () => {
  expect(text.length).toBeGreaterThan(10_000)
  expect(text).not.toMatch(GENERATED)
})

test('a module of Node would not go unseen', async () => {
  const wrong = `${ENTRY.join('\n')}\nimport { readFileSync } from 'node:fs'\nreadFileSync('')`
  await expect(bundle(wrong)).rejects.toThrow(/node:fs/)
})

test('generated code would not go unseen', async () => {
  const built = await bundle('globalThis.made = [new Function("a", ""), eval("1")]')
  expect(built.outputFiles[0]?.text).toMatch(GENERATED)
})

const GENERATED = /\bnew Function\b|\bFunction\(|\beval\s*\(|\bimport\s*\(/
