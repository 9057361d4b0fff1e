import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readKeyFile } from '#adapters/files/key-file.ts'
import { fromBase64, fromBase64url, fromHex } from '#core/bytes.ts'

/**
 * A home: the folder that `rabta init` makes and the services run on. The hub's operator holds
 * `hub/` and `data/`; `root/` and each folder of `agencies/` would lie with their owners, and are
 * here together only because this federation is a demonstration.
 */
export const homePaths = (home: string) => ({
  /** What everyone may know and must agree on: federation, log name, pinned genesis digest. */
  federation: join(home, 'federation.json'),
  /** The signed entries that a new hub's directory begins with, one base64 line each. */
  directorySeed: join(home, 'directory.seed'),
  rootKey: join(home, 'root', 'root.pem'),
  tokenKey: join(home, 'hub', 'token-signing.pem'),
  /** One that is entered and not yet signed with. */
  newTokenKey: (keyId: string) => join(home, 'hub', `token-signing.${keyId}.pem`),
  logKey: join(home, 'hub', 'log-signing.pem'),
  /** Keys for cursors and search terms: 32 bytes in base64url each. */
  cursorKey: join(home, 'hub', 'cursor.key'),
  searchKey: join(home, 'hub', 'search.key'),
  seal: join(home, 'hub', 'seal'),
  data: join(home, 'data'),
  /** What a restore has not finished. */
  restoring: join(home, 'data.restoring'),
  /** All topics of the embedded log. */
  logDatabase: join(home, 'data', 'log.db'),
  /** The access log's tiles and checkpoint, in C2SP's static layout. */
  tiles: join(home, 'data', 'tiles'),
  views: (service: string) => join(home, 'data', 'views', service),
  agency: (agency: string) => {
    const folder = join(home, 'agencies', agency)
    return {
      /** With which its administrator signs what is said of the agency's own. */
      administratorKey: join(folder, 'directory-signing.pem'),
      alertKey: join(folder, 'alert-signing.pem'),
      exerciseKey: join(folder, 'exercise-signing.pem'),
      principalKey: (name: string) => join(folder, `${name}.pem`),
      /** A further key: none of its usage is written over. */
      newKey: (usage: string, keyId: string) =>
        join(folder, `${usage.replaceAll('_', '-')}.${keyId}.pem`),
    }
  },
})

/** `federation.json`. */
export interface FederationFile {
  readonly federation: string
  readonly logName: string
  /** SHA-256 of the genesis entry's pre-authentication encoding, hexadecimal. */
  readonly genesisDigest: string
  /** The issuer of access tokens, and what client assertions are addressed to. */
  readonly issuer: string
}

/** Rejects with HomeUnusable when `home` is not one, or was not finished. */
export const readFederation = async (home: string): Promise<FederationFile> => {
  const path = homePaths(home).federation
  const text = await readFile(path, 'utf8').catch(() => null)
  if (text === null)
    throw new HomeUnusable(`${home} is no home: make one with «rabta init '${home}'»`)
  const file: Partial<Record<keyof FederationFile, unknown>> = { ...JSON.parse(text) }
  const { federation, logName, genesisDigest, issuer } = file
  const texts = [federation, logName, genesisDigest, issuer]
  if (!texts.every((one) => typeof one === 'string' && one !== '')) {
    throw new HomeUnusable(`${path} lacks federation, logName, genesisDigest or issuer`)
  }
  return file as FederationFile
}

/** Throws HomeUnusable while a restore has not finished: a hub that began an empty log in the place
 * of the one that is being restored would sign a second history. */
export const checkNotRestoring = (home: string): void => {
  const { restoring } = homePaths(home)
  if (!existsSync(restoring)) return
  throw new HomeUnusable(`a restore of ${home} has not finished: let it, or run it again`)
}

/** The one thing that is trusted without proof: which directory this is. */
export const readGenesisDigest = async (home: string): Promise<Uint8Array> => {
  const digest = fromHex((await readFederation(home)).genesisDigest)
  if (digest?.length !== 32) throw new HomeUnusable(`${home}: genesisDigest is no SHA-256`)
  return digest
}

/** The signed entries of `directory.seed`; none when there is no such file. */
export const readDirectorySeed = async (home: string): Promise<readonly Uint8Array[]> => {
  const path = homePaths(home).directorySeed
  const text = await readFile(path, 'utf8').catch(() => '')
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.map((line, at) => {
    const entry = fromBase64(line)
    if (entry === null) throw new HomeUnusable(`${path}, line ${at + 1}: not base64`)
    return entry
  })
}

/** A key of 32 bytes in base64url, in a file that is its owner's alone. */
export const readSecret = async (path: string): Promise<Uint8Array> => {
  const key = fromBase64url((await readKeyFile(path)).trim())
  if (key?.length !== SECRET_BYTES) throw new HomeUnusable(`${path} holds no key of 32 bytes`)
  return key
}

const SECRET_BYTES = 32

/** The folder is not what `rabta init` makes. */
export class HomeUnusable extends Error {
  override readonly name = 'HomeUnusable'
}
