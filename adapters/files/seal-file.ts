import { join } from 'node:path'
import { makeFolderDurably, writeFileDurably } from '#adapters/files/durable-file.ts'
import { PRIVATE_FILE_MODE, readKeyFile } from '#adapters/files/key-file.ts'
import { base64url, fromBase64url } from '#core/bytes.ts'
import { CLASSIFICATIONS } from '#core/classification.ts'
import type { RandomBytes } from '#core/ports/clock.ts'
import type { Realm } from '#core/realm.ts'
import { monthOf, monthStartMs, sealKeyId, sealKeyIdFrom } from '#core/seal-key.ts'

/**
 * The seal keys of one realm: `FOLDER/REALM.json`, of mode 0600,
 * `{ "keys": [{ "id", "key": base64url of 32 bytes }], "destroyed": [ids] }`.
 * A key is destroyed by moving its id from `keys` to `destroyed`, and by destroying every backup of
 * the file as it was.
 */
export interface SealFile {
  readonly keys: readonly SealKey[]
  readonly destroyed: readonly string[]
}

export interface SealKey {
  /** `<realm>.<classification>.<yyyy-mm>.<n>` */
  readonly id: string
  readonly key: Uint8Array
}

/** The file is not what it should be. Names the place in it, never a key. */
export class SealFileUnusable extends Error {
  override readonly name = 'SealFileUnusable'
}

export const SEAL_KEY_BYTES = 32

/** One key for each realm, level and month, from the month of `fromMs` on. */
export const makeSealKeys = (wanted: {
  readonly realms: readonly Realm[]
  readonly fromMs: number
  readonly months: number
  readonly random: RandomBytes
}): readonly SealKey[] => {
  const months = Array.from({ length: wanted.months }, (_, index) =>
    monthOf(monthStartMs(wanted.fromMs, index)),
  )
  return wanted.realms.flatMap((realm) =>
    CLASSIFICATIONS.flatMap((classification) =>
      months.map((month) => ({
        id: sealKeyId({ realm, classification, month, n: 1 }),
        key: wanted.random(SEAL_KEY_BYTES),
      })),
    ),
  )
}

/**
 * Adds keys to the files of their realms, made if they are missing. Rejects with
 * `SealFileUnusable`, and leaves that realm's file as it was, if one of the ids is known there. One
 * realm comes after the other: a crash in between is repaired by adding those of the other again.
 */
export const addSealKeys = async (folder: string, keys: readonly SealKey[]): Promise<void> => {
  await makeFolderDurably(folder, 0o700)
  for (const [realm, added] of Map.groupBy(keys, ({ id }) => sealKeyIdFrom(id)?.realm)) {
    if (realm === undefined) throw new SealFileUnusable('a key to be added has no valid id')
    const before = await readSealFile(folder, realm)
    const after = {
      keys: [...(before?.keys ?? []), ...added],
      destroyed: before?.destroyed ?? [],
    }
    const path = sealFilePath(folder, realm)
    checkSealFile(path, realm, after)
    await writeFileDurably(path, textOf(after), PRIVATE_FILE_MODE)
  }
}

/**
 * Keys for `months` more, behind the last month of each series that the file has: a node that is not
 * given a level is not given it here either.
 */
export const laterSealKeys = (
  { keys }: SealFile,
  { months, random }: { readonly months: number; readonly random: RandomBytes },
): readonly SealKey[] => {
  const ids = keys.flatMap(({ id }) => sealKeyIdFrom(id) ?? [])
  const series = Map.groupBy(ids, ({ realm, classification }) => `${realm}.${classification}`)
  return [...series.values()].flatMap((some) => {
    const last = some.toSorted((a, b) => (a.month < b.month ? -1 : 1)).at(-1)
    if (last === undefined) return []
    const lastMs = Date.parse(`${last.month}-01T00:00:00Z`)
    return Array.from({ length: months }, (_, at) => ({
      id: sealKeyId({ ...last, month: monthOf(monthStartMs(lastMs, at + 1)), n: 1 }),
      key: random(SEAL_KEY_BYTES),
    }))
  })
}

/**
 * Moves the id to the destroyed, and its key out of the file. False when it is there already.
 * Rejects with `SealFileUnusable` for an id that is not known: a slip of the pen erases nothing.
 */
export const destroySealKey = async (folder: string, id: string): Promise<boolean> => {
  const realm = sealKeyIdFrom(id)?.realm
  const file = realm && (await readSealFile(folder, realm))
  if (!realm || !file) throw new SealFileUnusable(`${id} is no id of a seal key in ${folder}`)
  if (file.destroyed.includes(id)) return false
  const keys = file.keys.filter((key) => key.id !== id)
  if (keys.length === file.keys.length) throw new SealFileUnusable(`there is no seal key ${id}`)
  const after = { keys, destroyed: [...file.destroyed, id] }
  await writeFileDurably(sealFilePath(folder, realm), textOf(after), PRIVATE_FILE_MODE)
  return true
}

/** Null when the realm has no file. */
export const readSealFile = async (folder: string, realm: Realm): Promise<SealFile | null> => {
  const path = sealFilePath(folder, realm)
  const text = await readKeyFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (text === null) return null
  const file = parseSealFile(path, text)
  checkSealFile(path, realm, file)
  return file
}

const sealFilePath = (folder: string, realm: Realm): string => join(folder, `${realm}.json`)

const textOf = ({ keys, destroyed }: SealFile): string => {
  const encoded = keys.map(({ id, key }) => ({ id, key: base64url(key) }))
  return `${JSON.stringify({ keys: encoded, destroyed }, null, 2)}\n`
}

const parseSealFile = (path: string, text: string): SealFile => {
  const file = parseJson(path, text)
  const { keys, destroyed } = file
  if (!Array.isArray(keys) || !Array.isArray(destroyed) || Object.keys(file).length !== 2) {
    throw new SealFileUnusable(`${path} must hold "keys" and "destroyed", two lists`)
  }
  return {
    keys: keys.map((key, index) => {
      const parsed = parseKey(key)
      if (parsed === null) throw new SealFileUnusable(`${path}: keys[${index}] is no key`)
      return parsed
    }),
    destroyed: destroyed.map(String),
  }
}

const parseJson = (path: string, text: string): Readonly<Record<string, unknown>> => {
  try {
    return { ...JSON.parse(text) }
  } catch {
    // The cause quotes the text, and so keys.
    throw new SealFileUnusable(`${path} is not JSON`)
  }
}

const parseKey = (value: unknown): SealKey | null => {
  const { id, key: text }: Readonly<Record<string, unknown>> = { ...Object(value) }
  const key = typeof text === 'string' ? fromBase64url(text) : null
  return typeof id === 'string' && key?.length === SEAL_KEY_BYTES ? { id, key } : null
}

const checkSealFile = (path: string, realm: Realm, { keys, destroyed }: SealFile): void => {
  const seen = new Set<string>()
  for (const id of [...keys.map((key) => key.id), ...destroyed]) {
    if (sealKeyIdFrom(id)?.realm !== realm) {
      throw new SealFileUnusable(`${path}: ${JSON.stringify(id)} is no id of a ${realm} key`)
    }
    // A key that is both destroyed and there would be called erased while it can still be read.
    if (seen.has(id)) throw new SealFileUnusable(`${path}: ${id} is listed twice`)
    seen.add(id)
  }
  // To destroy one of two equal keys would erase nothing.
  if (new Set(keys.map(({ key }) => base64url(key))).size !== keys.length) {
    throw new SealFileUnusable(`${path} holds one key under two ids`)
  }
}
