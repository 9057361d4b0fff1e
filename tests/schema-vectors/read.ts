import { readFileSync } from 'node:fs'
import { fromHex } from '#core/bytes.ts'

/** A file of schemas/vectors/. */
export const readVectors = <Shape>(name: string): Shape =>
  JSON.parse(readFileSync(new URL(`../../schemas/vectors/${name}`, import.meta.url), 'utf8'))

export const unhex = (digits: string): Uint8Array => {
  const bytes = fromHex(digits)
  if (bytes === null) throw new Error(`Not hexadecimal: ${digits.slice(0, 40)}`)
  return bytes
}
