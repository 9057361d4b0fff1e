import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import * as constants from '#core/schemas.ts'

test('core/schemas.ts says what schemas/*.avsc say: run «npm run schemas»', () => {
  const folder = new URL('../schemas/', import.meta.url)
  const files = readdirSync(folder).filter((file) => file.endsWith('.avsc'))
  const written = files.map((file) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')))
  expect(files.length).toBeGreaterThan(0)
  expect(new Set(Object.values(constants))).toEqual(new Set(written))
})
