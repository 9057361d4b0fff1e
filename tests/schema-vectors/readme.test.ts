import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { SCHEMAS_BY_FINGERPRINT } from '#core/codecs.ts'

test('the page for other programs names every schema with its fingerprint', () => {
  const page = readFileSync(new URL('../../schemas/README.md', import.meta.url), 'utf8')
  const rows = page.split('\n').filter((line) => line.startsWith('| `rabta.v1.'))
  const named = rows.flatMap((row) => {
    const names = row.match(/rabta\.v1\.[A-Za-z]+/g) ?? []
    const fingerprints = row.match(/\b[0-9a-f]{16}\b/g) ?? []
    return names.map((name, index) => [fingerprints[index], name])
  })
  const known = [...SCHEMAS_BY_FINGERPRINT].map(([fingerprint, { namespace, name }]) => [
    fingerprint,
    `${namespace}.${name}`,
  ])
  expect(named.sort()).toEqual(known.sort())
})
