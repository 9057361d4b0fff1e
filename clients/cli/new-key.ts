import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { generateKey } from '#adapters/crypto/private-key.ts'
import { publicKeyFrom } from '#adapters/crypto/public-key.ts'
import { createKeyFile } from '#adapters/files/key-file.ts'
import type { Io } from '#clients/cli/command.ts'
import type { Algorithm, KeyId, PublicKey } from '#core/key.ts'

/** Where a new key comes from and goes to. */
export interface KeyWanted {
  readonly algorithm: Algorithm
  /** The file of a key that its owner made; undefined: one is made here. */
  readonly from: string | undefined
  /** Where the file of a key that is made here goes. */
  readonly path: (keyId: KeyId) => string
  readonly isDry: boolean
}

/**
 * The public half of the key to be entered. One that is made here is on disk, durably, before it is
 * entered: a crash in between leaves the file of a key that the directory does not know, which
 * `rabta key add --from FILE` enters; the other order could enter a key that is lost.
 */
export const newKey = async (wanted: KeyWanted, io: Io): Promise<PublicKey> => {
  if (wanted.from !== undefined) return publicKeyFrom(await readFile(wanted.from, 'utf8'))
  const key = generateKey(wanted.algorithm)
  const path = wanted.path(key.keyId)
  if (wanted.isDry) {
    io.say(`a key would be made and kept in ${path}\n`)
  } else {
    await createKeyFile(path, key.privatePem)
    io.say(`the private key is in ${path}; if it does not come to be entered: key add --from it\n`)
  }
  return key.publicKey
}

/** `first`, unless a key is there: then a name that no other key has. */
export const pathBeside = (first: string, another: string): string =>
  existsSync(first) ? another : first
