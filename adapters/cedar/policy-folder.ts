import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fromUtf8 } from '#core/bytes.ts'
import { LIMITS } from '#core/limits.ts'
import { PolicyInvalid } from '#core/ports/policy.ts'

/**
 * The texts of a folder's `*.cedar` and `*.cedarschema` files by name, other files left out.
 * Throws `PolicyInvalid` for a file that is too long or not UTF-8; rejects when it cannot be read.
 */
export const readPolicyFolder = async (folder: string): Promise<Record<string, string>> => {
  const names = (await readdir(folder)).filter((name) => /\.cedar(?:schema)?$/.test(name))
  if (names.length > LIMITS.policyFilesMax) throw new PolicyInvalid(`${folder}: too many files`)
  const texts: Record<string, string> = {}
  for (const name of names.sort()) texts[name] = await textOf(join(folder, name))
  return texts
}

// The reader of bytes replaces nothing: a byte that is no UTF-8 would else leave the digest.
const textOf = async (path: string): Promise<string> => {
  if ((await stat(path)).size > LIMITS.policyFileBytesMax) {
    throw new PolicyInvalid(`${path}: too long`)
  }
  const text = fromUtf8(await readFile(path))
  if (text === null) throw new PolicyInvalid(`${path}: not UTF-8`)
  return text
}
