import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { declarationsOf, MODULES, sdkPage } from '#tools/generate-sdk-docs.ts'

const PUBLIC = Object.values(MODULES).flat()

test('docs/sdk.md is what the declarations say: npm run sdk-docs', () => {
  expect(readFileSync('docs/sdk.md', 'utf8')).toBe(sdkPage())
}, 120_000)

test('every exported function and class says what it does, and what it fails with', () => {
  const declared = declarationsOf(PUBLIC)
  const all = [...declared.values()].flat()
  expect(all.filter(({ kind }) => kind === 'function').length).toBeGreaterThan(15)
  const silent = all.filter(
    ({ kind, doc }) => (kind === 'function' || kind === 'class') && doc === '',
  )
  expect(silent.map(({ name }) => name)).toEqual([])
  const asking = all.filter(({ code }) => /(?:=>|\):)\s*(?:Promise|AsyncGenerator)</.test(code))
  const careless = asking.filter(
    ({ doc, kind }) =>
      kind === 'function' && !/[Rr]eject|throws|as `\w+` gives it|Asks nobody/.test(doc),
  )
  expect(careless.map(({ name }) => name)).toEqual([])
}, 120_000)

test('what the overview of the SDK names is in its reference', () => {
  const overview = readFileSync('clients/sdk/README.md', 'utf8')
  const files = readdirSync('clients/sdk')
  const named = [...overview.matchAll(/`([a-z-]+)\.ts`/g)].map((match) => match[1] ?? '')
  expect(named.length).toBeGreaterThan(10)
  for (const name of named) {
    expect(files).toContain(`${name}.ts`)
    expect(PUBLIC).toContain(name)
  }
})
