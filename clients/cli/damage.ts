import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Damage {
  readonly file: string
  readonly offset: number
}

/** Flips the lowest bit of one byte in the middle of where `bytes` stand in a file. */
export const flipInside = (file: string, bytes: Uint8Array): Damage => {
  const content = readFileSync(file)
  const at = content.indexOf(bytes)
  if (at < 0) throw new Error(`these bytes do not stand in ${file}`)
  return flip(file, at + Math.floor(bytes.length / 2))
}

/** Flips the lowest bit of the first byte of the newest partial tile of level 0. */
export const flipInTile = (tiles: string): Damage => {
  const folder = join(tiles, 'tile', '0')
  const partial = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.p\/\d+$/.test(name))
    .sort()
    .at(-1)
  if (partial === undefined) throw new Error(`there is no partial tile in ${folder}`)
  return flip(join(folder, partial), 0)
}

const flip = (file: string, offset: number): Damage => {
  const content = readFileSync(file)
  content[offset] = (content[offset] ?? 0) ^ 1
  writeFileSync(file, content)
  return { file, offset }
}
