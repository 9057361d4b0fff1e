import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import { readSealFile, type SealFile, SealFileUnusable } from '#adapters/files/seal-file.ts'
import { concatBytes } from '#core/bytes.ts'
import type { Classification } from '#core/classification.ts'
import type { Opened, Seal, SealBox } from '#core/ports/seal.ts'
import { REALMS, type Realm } from '#core/realm.ts'
import { monthOf, type SealSeries, sealKeyIdFrom } from '#core/seal-key.ts'

/** A seal whose key files can be read again. */
export interface FolderSeal extends Seal {
  /** Rejects as `openSeal` does, and goes on with the keys that it has. */
  reload(): Promise<void>
}

/** A seal over the key files in `folder`, as they are now. Rejects with `SealFileUnusable` or
 * `LoosePermissions`. A realm without a file has no keys here; at least one must have one. */
export const openSeal = async (folder: string): Promise<FolderSeal> =>
  new FileSeal(folder, keysOf(await readFiles(folder)))

const readFiles = async (folder: string): Promise<readonly SealFile[]> => {
  const read = await Promise.all(REALMS.map((realm) => readSealFile(folder, realm)))
  const files = read.filter((file) => file !== null)
  if (files.length === 0) throw new SealFileUnusable(`there are no seal keys in ${folder}`)
  return files
}

const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16
const OPTIONS = { authTagLength: TAG_BYTES }

interface Keys {
  readonly byId: ReadonlyMap<string, KeyObject>
  readonly destroyed: ReadonlySet<string>
  /** By series and month. */
  readonly newest: ReadonlyMap<string, string>
}

const keysOf = (files: readonly SealFile[]): Keys => {
  const keys = files.flatMap((file) => file.keys)
  return {
    byId: new Map(keys.map(({ id, key }) => [id, createSecretKey(key)])),
    destroyed: new Set(files.flatMap((file) => file.destroyed)),
    newest: newestOf(keys.map((key) => key.id)),
  }
}

class FileSeal implements FolderSeal {
  readonly #folder: string
  #keys: Keys

  constructor(folder: string, keys: Keys) {
    this.#folder = folder
    this.#keys = keys
  }

  async reload(): Promise<void> {
    this.#keys = keysOf(await readFiles(this.#folder))
  }

  keyIdFor(realm: Realm, classification: Classification, acceptedAtMs: number): string | null {
    return this.#keys.newest.get(placeOf({ realm, classification }, monthOf(acceptedAtMs))) ?? null
  }

  seal(box: SealBox & { readonly plaintext: Uint8Array }): Uint8Array {
    const key = this.#keys.byId.get(box.keyId)
    if (key === undefined) throw new RangeError(`there is no seal key ${box.keyId} to seal under`)
    if (box.nonce.length !== NONCE_BYTES) throw new RangeError('a nonce has 12 bytes')
    const cipher = createCipheriv(CIPHER, key, box.nonce, OPTIONS).setAAD(box.additionalData)
    return concatBytes(cipher.update(box.plaintext), cipher.final(), cipher.getAuthTag())
  }

  open(box: SealBox & { readonly ciphertext: Uint8Array }): Opened {
    const key = this.#keys.byId.get(box.keyId)
    if (key === undefined) {
      return { state: this.#keys.destroyed.has(box.keyId) ? 'erased' : 'unknown-key' }
    }
    const plaintext = decrypted(key, box)
    return plaintext === null ? { state: 'forged' } : { state: 'opened', plaintext }
  }
}

/** Null when the bytes were not sealed so under this key. */
const decrypted = (
  key: KeyObject,
  { nonce, additionalData, ciphertext }: SealBox & { readonly ciphertext: Uint8Array },
): Uint8Array | null => {
  if (nonce.length !== NONCE_BYTES || ciphertext.length < TAG_BYTES) return null
  const tagStart = ciphertext.length - TAG_BYTES
  const decipher = createDecipheriv(CIPHER, key, nonce, OPTIONS)
    .setAAD(additionalData)
    .setAuthTag(ciphertext.subarray(tagStart))
  const unchecked = decipher.update(ciphertext.subarray(0, tagStart))
  try {
    return concatBytes(unchecked, decipher.final())
  } catch {
    // The tag does not fit.
    return null
  }
}

/** The id with the highest number of each series and month. */
const newestOf = (ids: readonly string[]): ReadonlyMap<string, string> => {
  const parsed = ids.flatMap((id) => sealKeyIdFrom(id) ?? [])
  const ascending = parsed.toSorted((a, b) => a.n - b.n)
  return new Map(ascending.map((id) => [placeOf(id, id.month), id.text]))
}

const placeOf = ({ realm, classification }: SealSeries, month: string): string =>
  `${realm}.${classification}.${month}`
