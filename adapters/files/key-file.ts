import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createFileDurably, makeFolderDurably } from '#adapters/files/durable-file.ts'
import { LIMITS } from '#core/limits.ts'

/** Of files that hold keys: for their owner alone. */
export const PRIVATE_FILE_MODE = 0o600
const PRIVATE_FOLDER_MODE = 0o700

/** A file with a key can be read or changed by others than its owner. */
export class LoosePermissions extends Error {
  override readonly name = 'LoosePermissions'
}

/** The text of a file with keys. Rejects with `LoosePermissions` unless it is its owner's alone. */
export const readKeyFile = async (path: string): Promise<string> => {
  const file = await open(path, 'r')
  try {
    const { mode, size } = await file.stat()
    if (isLoose(mode, process.platform)) {
      throw new LoosePermissions(`others than its owner can use ${path}: chmod 600 ${path}`)
    }
    if (size > LIMITS.privateFileBytesMax) throw new RangeError(`${path} is too large for keys`)
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}

/** Writes a new file with a key (PKCS #8 in PEM, or a JSON Web Key), durably; makes its folder.
 * Rejects with EEXIST if it is there: a private key that is written over is lost. */
export const createKeyFile = async (path: string, text: string): Promise<void> => {
  await makeFolderDurably(dirname(path), PRIVATE_FOLDER_MODE)
  await createFileDurably(path, text, PRIVATE_FILE_MODE)
}

/** Windows has no such modes: there the folder's access list decides. */
export const isLoose = (mode: number, platform: NodeJS.Platform): boolean =>
  platform !== 'win32' && (mode & 0o077) !== 0
