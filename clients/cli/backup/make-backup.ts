import { existsSync } from 'node:fs'
import { copyFile, mkdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { syncFolder, writeFileDurably } from '#adapters/files/durable-file.ts'
import { hashFile } from '#adapters/files/hash-file.ts'
import { homePaths, readFederation } from '#adapters/files/home.ts'
import { createKeyFile, readKeyFile } from '#adapters/files/key-file.ts'
import { copySqliteLog } from '#adapters/sqlite/copy-log.ts'
import { openSqliteLog } from '#adapters/sqlite/message-log.ts'
import { BackupUnusable, RestoreRefused } from '#clients/cli/backup/backup-unusable.ts'
import { type Io, UsageError } from '#clients/cli/command.ts'
import { Progress } from '#clients/cli/progress.ts'
import { storedDirectory } from '#clients/cli/seeded-directory.ts'
import { trustInStored } from '#clients/cli/stored-log.ts'
import {
  BACKUP_FILES,
  BACKUP_KEYS,
  type BackupManifest,
  formatManifest,
  MANIFEST_FILE,
} from '#core/backup-manifest.ts'
import { utf8 } from '#core/bytes.ts'
import { compareLog } from '#core/log-roots.ts'
import { openCheckpoint } from '#core/tlog/signed-checkpoint.ts'
import { ACCESS_TOPIC } from '#core/topics.ts'

export interface MakeBackupOptions {
  readonly withKeys: boolean
  readonly nowMs: number
  /** Where progress goes; null for nowhere. */
  readonly io: Io | null
}

/**
 * Backs a home up into `folder`, which must not be there yet, beside a hub that may be at work.
 * The folder gets its name last: one that has it is whole, and its log was verified.
 */
export const makeBackup = async (
  home: string,
  folder: string,
  options: MakeBackupOptions,
): Promise<BackupManifest> => {
  const partial = `${resolve(folder)}.partial`
  await mkdir(dirname(partial), { recursive: true })
  await makeEmpty(partial, folder)
  try {
    const manifest = await fillBackup(home, partial, options)
    await writeFileDurably(join(partial, MANIFEST_FILE), formatManifest(manifest), 0o600)
    checkFree(folder)
    await rename(partial, folder)
    await syncFolder(dirname(resolve(folder)))
    return manifest
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    throw error
  }
}

/** Nothing is written over. A folder that a killed backup left is for a person to look at. */
const makeEmpty = async (partial: string, folder: string): Promise<void> => {
  checkFree(folder)
  try {
    await mkdir(partial, { mode: 0o700 })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    throw new UsageError(`${partial} is there: another backup is at work, or was killed; remove it`)
  }
}

const checkFree = (folder: string): void => {
  if (existsSync(folder)) throw new UsageError(`${folder} is there already: name a new folder`)
}

const fillBackup = async (
  home: string,
  partial: string,
  { withKeys, nowMs, io }: MakeBackupOptions,
): Promise<BackupManifest> => {
  const paths = homePaths(home)
  const { genesisDigest, logName } = await readFederation(home)
  // In this order: the log only grows, so the copy that is made after the checkpoint was read holds
  // all that it covers. The other order could keep a checkpoint that the copy is too short for.
  const checkpoint = await readFile(join(paths.tiles, 'checkpoint'), 'utf8').catch(() => {
    throw new UsageError(`${home} has no checkpoint yet: start its hub once`)
  })
  await mkdir(join(partial, 'data'), { mode: 0o700 })
  const copying = io && new Progress(io, 'copying')
  const log = await copySqliteLog({
    from: paths.logDatabase,
    to: join(partial, BACKUP_FILES.log),
    onProgress: (done, total) => copying?.set(done, total),
  })
  copying?.end()
  const sizes = await verifyCopy(home, join(partial, BACKUP_FILES.log), { checkpoint, io })
  // A node without a realm has no seals of it.
  const keys = withKeys ? BACKUP_KEYS.filter((name) => existsSync(join(home, name))) : []
  const names = [...Object.values(BACKUP_FILES), ...keys]
  await copyFile(paths.federation, join(partial, BACKUP_FILES.federation))
  await copyFile(paths.directorySeed, join(partial, BACKUP_FILES.directorySeed))
  await copyKeys(keys, home, partial)
  const files = []
  for (const name of names) files.push({ name, ...(await hashFile(join(partial, name))) })
  const of = { madeAtMs: nowMs, genesisDigest, logName, checkpoint, withKeys, files }
  return { ...of, ...sizes, schemas: { log } }
}

/** A copy that was never read is no backup. Rejects unless its entries make the checkpoint's root. */
const verifyCopy = async (
  home: string,
  path: string,
  { checkpoint, io }: { readonly checkpoint: string; readonly io: Io | null },
): Promise<Pick<BackupManifest, 'accessSize' | 'directorySize'>> => {
  const log = openSqliteLog({ path, readOnly: true })
  const verifying = io && new Progress(io, 'verifying')
  try {
    const directory = await storedDirectory(home, log)
    const opened = await openCheckpoint(utf8(checkpoint), trustInStored(directory))
    if (!opened.ok) throw new BackupUnusable(`the home’s checkpoint is ${opened.why}`)
    const onProgress = (done: number, total: number) => verifying?.set(done, total)
    const [compared] = await compareLog({ log, sha256 }, [opened.checkpoint], onProgress)
    if (compared?.agreement !== 'agrees') {
      throw new RestoreRefused(`the log is ${compared?.agreement} against its own checkpoint`)
    }
    return { accessSize: await log.head(ACCESS_TOPIC), directorySize: directory.sequence + 1 }
  } finally {
    verifying?.end()
    await log.close()
  }
}

/** Through what refuses a key that others can read, into files that only their owner can. */
export const copyKeys = async (
  names: readonly string[],
  from: string,
  to: string,
): Promise<void> => {
  for (const name of names) await createKeyFile(join(to, name), await readKeyFile(join(from, name)))
}
