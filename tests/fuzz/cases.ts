import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { fromHex, hex, utf8 } from '#core/bytes.ts'
import type { Finding } from '#tests/fuzz/run.ts'
import type { Verdict } from '#tests/fuzz/target.ts'

/** An input that once was a finding, or might be one: kept, and tried again by every `npm test`. */
export interface Case {
  readonly target: string
  readonly hex: string
  /** What was wrong with it, or what it tries. */
  readonly about: string
  /** How far it may come. */
  readonly must: Verdict
}

const FOLDER = 'tests/fuzz/cases'

export const readCases = (): readonly Case[] =>
  readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as readonly Case[])

export const bytesOf = (one: Case): Uint8Array => {
  const bytes = fromHex(one.hex)
  if (bytes === null) throw new Error(`a case of ${one.target} is not hexadecimal`)
  return bytes
}

/**
 * Keeps a finding beside the others. `refused` is a guess: whoever mends what was found says what
 * must happen.
 */
export const keepCase = ({ target, what, hex: input }: Finding, folder = FOLDER): string => {
  mkdirSync(folder, { recursive: true })
  const name = hex(sha256(utf8(input)).subarray(0, 4))
  const path = join(folder, `${target}-${name}.json`)
  const kept: Case = { target, hex: input, about: what, must: 'refused' }
  writeFileSync(path, `${JSON.stringify([kept], null, 2)}\n`)
  return path
}
