/** Writes schemas/vectors/*.json, all but decisions.json, which is written by hand. */
import { writeFileSync } from 'node:fs'
import { vectorFiles } from '#tools/vectors/all.ts'

const folder = new URL('../schemas/vectors/', import.meta.url)
for (const [name, text] of Object.entries(await vectorFiles())) {
  writeFileSync(new URL(name, folder), text)
}
