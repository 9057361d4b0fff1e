import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Damage {
  readonly file: string
  readonly offset: number
}

/**
 * Flips the lowest bit of one byte in the middle of where `bytes` stand in a file, at the place
 * where it is noticed: a database keeps old copies of what it moved, which nobody reads.
 */
export const flipInside = async (
  file: string,
  bytes: Uint8Array,
  isNoticed: () => Promise<boolean>,
): Promise<Damage> => {
  const content = readFileSync(file)
  for (let at = content.indexOf(bytes); at >= 0; at = content.indexOf(bytes, at + 1)) {
    const offset = at + Math.floor(bytes.length / 2)
    const damage = flip(file, offset)
    if (await isNoticed()) return damage
    flip(file, offset)
  }
  throw new Error(`these bytes are not read from ${file}`)
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
