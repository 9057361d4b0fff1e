import { concatBytes, utf8 } from '#core/bytes.ts'
import type { Sha256 } from '#core/hash.ts'
import { LIMITS } from '#core/limits.ts'
import { PolicyInvalid } from '#core/ports/policy.ts'
import { isPlainText } from '#core/text.ts'

declare const brand: unique symbol

/** A policy's files, sorted by name: rules (`*.cedar`) and the one schema (`*.cedarschema`). */
export type PolicyFiles = readonly PolicyFile[] & { readonly [brand]: 'PolicyFiles' }

export interface PolicyFile {
  readonly name: string
  readonly text: string
}

const NAME = /^[a-z0-9][a-z0-9-]{0,63}\.cedar(?:schema)?$/

export const isSchemaFile = ({ name }: PolicyFile): boolean => name.endsWith('.cedarschema')

/** From texts by name; throws `PolicyInvalid` when they cannot be one policy. */
export const policyFilesFrom = (texts: Readonly<Record<string, string>>): PolicyFiles => {
  const files = Object.entries(texts).map(([name, text]) => ({ name, text }))
  files.sort((a, b) => (a.name < b.name ? -1 : 1))
  if (files.length > LIMITS.policyFilesMax) throw new PolicyInvalid('too many files')
  for (const file of files) checkFile(file)
  if (files.filter(isSchemaFile).length !== 1) {
    throw new PolicyInvalid('there must be exactly one .cedarschema file')
  }
  if (files.every(isSchemaFile)) throw new PolicyInvalid('there is no .cedar file')
  return files as readonly PolicyFile[] as PolicyFiles
}

// What a person reads must be what the digest names and the engine evaluates: a bidirectional
// control shows a rule as another, a carriage return changes the digest and cannot be seen.
const checkFile = ({ name, text }: PolicyFile): void => {
  if (!NAME.test(name)) throw new PolicyInvalid(`${JSON.stringify(name)} is no policy file’s name`)
  if (utf8(text).length > LIMITS.policyFileBytesMax) throw new PolicyInvalid(`${name}: too long`)
  if (!text.isWellFormed()) throw new PolicyInvalid(`${name}: not Unicode`)
  if (!isPlainText(text)) throw new PolicyInvalid(`${name}: holds a control character`)
}

/**
 * SHA-256 of the line `rabta.v1.Policy`, then for each file in order of its name the line
 * `<name> <length in bytes>` and the file as it is. Each line ends in one line feed.
 */
export const policyDigest = (files: PolicyFiles, sha256: Sha256): Uint8Array =>
  sha256(
    concatBytes(
      utf8('rabta.v1.Policy\n'),
      ...files.flatMap(({ name, text }) => {
        const bytes = utf8(text)
        return [utf8(`${name} ${bytes.length}\n`), bytes]
      }),
    ),
  )
