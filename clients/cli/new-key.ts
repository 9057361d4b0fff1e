import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { generateKey, PrivateKeyUnusable } from '#adapters/crypto/private-key.ts'
import { publicKeyFrom } from '#adapters/crypto/public-key.ts'
import { openSigner } from '#adapters/crypto/signer.ts'
import { createKeyFile } from '#adapters/files/key-file.ts'
import { type Io, type Option, UsageError } from '#clients/cli/command.ts'
import { fromBase64 } from '#core/bytes.ts'
import type { ProvenKey } from '#core/directory/entry.ts'
import { type KeyOwner, provePossession } from '#core/directory/possession.ts'
import type { Algorithm, KeyId } from '#core/key.ts'

export const POSSESSION_OPTION = {
  type: 'string',
  value: 'FILE',
  help: 'What key prove made of the new key, where only its public half is here.',
} as const satisfies Option

/** Where a new key comes from and goes to. */
export interface KeyWanted {
  readonly algorithm: Algorithm
  readonly owner: KeyOwner
  /** The file of a key that its owner made; undefined: one is made here. */
  readonly from: string | undefined
  /** The file of its proof; not needed for a private key. */
  readonly possession: string | undefined
  /** Where the file of a key that is made here goes. */
  readonly path: (keyId: KeyId) => string
  readonly isDry: boolean
}

/**
 * The public half of the key to be entered, and the proof that whoever holds it wants that. One that
 * is made here is on disk, durably, before it is entered: a crash in between leaves the file of a key
 * that the directory does not know, which `rabta key add --from FILE` enters; the other order could
 * enter a key that is lost.
 */
export const newKey = async (wanted: KeyWanted, io: Io): Promise<ProvenKey> => {
  const { from, owner } = wanted
  if (from !== undefined) return givenKey(from, wanted.possession, owner)
  const key = generateKey(wanted.algorithm)
  const path = wanted.path(key.keyId)
  if (wanted.isDry) {
    io.say(`a key would be made and kept in ${path}\n`)
  } else {
    await createKeyFile(path, key.privatePem)
    io.say(`the private key is in ${path}; if it does not come to be entered: key add --from it\n`)
  }
  const possession = await provePossession(openSigner(key.privatePem), owner)
  return { key: key.publicKey, possession }
}

/** The key in the file `from` with its proof: the file `proof`, or made by a private key itself. */
export const givenKey = async (
  from: string,
  proof: string | undefined,
  owner: KeyOwner,
): Promise<ProvenKey> => {
  const text = await readFile(from, 'utf8')
  const key = publicKeyFrom(text)
  if (proof === undefined) return { key, possession: await provenBy(text, from, owner) }
  const possession = fromBase64((await readFile(proof, 'utf8')).trim())
  if (possession === null) throw new UsageError(`${proof} is not what rabta key prove prints`)
  return { key, possession }
}

const provenBy = async (text: string, from: string, owner: KeyOwner): Promise<Uint8Array> => {
  try {
    return await provePossession(openSigner(text), owner)
  } catch (error) {
    if (!(error instanceof PrivateKeyUnusable)) throw error
    throw new UsageError(`${from} is a public key: --possession must give what key prove printed`)
  }
}

/** `first`, unless a key is there: then a name that no other key has. */
export const pathBeside = (first: string, another: string): string =>
  existsSync(first) ? another : first
