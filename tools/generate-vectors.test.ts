import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { vectorFiles } from '#tools/vectors/all.ts'

const folder = new URL('../schemas/vectors/', import.meta.url)

test('the vectors are those that the generator makes, byte for byte and each time', async () => {
  const files = await vectorFiles()
  expect(await vectorFiles()).toEqual(files)
  expect(Object.keys(files)).toHaveLength(6)
  for (const [name, text] of Object.entries(files)) {
    // Not `toBe`: the difference of two long texts takes minutes to print.
    const isSame = readFileSync(new URL(name, folder), 'utf8') === text
    expect({ name, isSame }).toEqual({ name, isSame: true })
  }
})
