import type { GeneratedKey } from '#adapters/crypto/private-key.ts'
import { randomBytes } from '#adapters/crypto/random.ts'
import { createFileDurably, makeFolderDurably } from '#adapters/files/durable-file.ts'
import { type FederationFile, homePaths } from '#adapters/files/home.ts'
import { createKeyFile } from '#adapters/files/key-file.ts'
import { addSealKeys, makeSealKeys } from '#adapters/files/seal-file.ts'
import type { Founding, FoundingOptions } from '#clients/cli/found-federation.ts'
import { base64, base64url, hex } from '#core/bytes.ts'
import { REALMS } from '#core/realm.ts'

const SEAL_MONTHS = 24

/**
 * Writes a federation into a new home. Rejects with EEXIST if there is one: a private key that is
 * written over is lost.
 */
export const writeHome = async (
  home: string,
  founding: Founding,
  options: FoundingOptions & { readonly issuer: string },
): Promise<void> => {
  const paths = homePaths(home)
  await makeFolderDurably(home, 0o700)
  await createKeyFile(paths.rootKey, founding.rootKey.privatePem)
  await writeHubKeys(home, founding, options.nowMs)
  for (const [agency, keys] of founding.agencies) {
    const own = paths.agency(agency)
    await createKeyFile(own.administratorKey, keys.administrator.privatePem)
    await createKeyFile(own.alertKey, keys.alerts.privatePem)
    await createKeyFile(own.exerciseKey, keys.exercise.privatePem)
    await writePrincipals(own.principalKey, keys.principals)
  }
  const seed = founding.entries.map((entry) => `${base64(entry)}\n`).join('')
  await createFileDurably(paths.directorySeed, seed)
  // Last: a home without it is one that was not finished, and is not taken for one.
  const { federation, logName, issuer } = options
  const genesisDigest = hex(founding.genesisDigest)
  const file: FederationFile = { federation, logName, genesisDigest, issuer }
  await createFileDurably(paths.federation, `${JSON.stringify(file, null, 2)}\n`)
}

const writeHubKeys = async (home: string, founding: Founding, fromMs: number): Promise<void> => {
  const paths = homePaths(home)
  await createKeyFile(paths.tokenKey, founding.tokenKey.privatePem)
  await createKeyFile(paths.logKey, founding.logKey.privatePem)
  await createKeyFile(paths.cursorKey, `${base64url(randomBytes(32))}\n`)
  await createKeyFile(paths.searchKey, `${base64url(randomBytes(32))}\n`)
  const wanted = { realms: REALMS, fromMs, months: SEAL_MONTHS, random: randomBytes }
  await addSealKeys(paths.seal, makeSealKeys(wanted))
}

const writePrincipals = async (
  pathOf: (name: string) => string,
  keys: ReadonlyMap<string, GeneratedKey>,
): Promise<void> => {
  for (const [name, key] of keys) await createKeyFile(pathOf(name), key.privatePem)
}
