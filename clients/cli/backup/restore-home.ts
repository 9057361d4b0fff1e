import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { makeFolderDurably, syncFolder, writeFileDurably } from '#adapters/files/durable-file.ts'
import { type FederationFile, homePaths, readFederation } from '#adapters/files/home.ts'
import { lockFolder } from '#adapters/sqlite/folder-lock.ts'
import { openSqliteLog } from '#adapters/sqlite/message-log.ts'
import { BackupUnusable, RestoreRefused } from '#clients/cli/backup/backup-unusable.ts'
import { copyKeys } from '#clients/cli/backup/make-backup.ts'
import { type NewLog, nameLogAnew, namingEntry } from '#clients/cli/backup/new-log.ts'
import { copyChecked, readBackup } from '#clients/cli/backup/read-backup.ts'
import { type Vouching, vouchingFor } from '#clients/cli/backup/vouching.ts'
import { type Io, UsageError } from '#clients/cli/command.ts'
import { storedDirectory } from '#clients/cli/seeded-directory.ts'
import { trustInStored } from '#clients/cli/stored-log.ts'
import { BACKUP_FILES, BACKUP_KEYS, type BackupManifest } from '#core/backup-manifest.ts'
import { ACCESS_TOPIC } from '#core/topics.ts'

export interface RestoreOptions {
  /** Notes of checkpoints that were kept elsewhere. */
  readonly checkpointFiles: readonly string[]
  /** Null unless the log is to go on under another name. */
  readonly newLog: NewLog | null
  readonly nowMs: number
  readonly io: Io | null
}

export type Restored =
  | {
      readonly state: 'restored'
      readonly logName: string
      readonly accessSize: number
      /** The size of the checkpoint that vouched; null under a new name. */
      readonly vouchedSize: number | null
      /** Where the data lie that were there before; null when there were none. */
      readonly before: string | null
    }
  /** Only the entry was written, for root keys elsewhere to sign. */
  | { readonly state: 'to-sign'; readonly file: string; readonly bytes: Uint8Array }

/**
 * Restores the backup in `folder` to `home`, which keeps its own keys and federation if it has
 * them. Its data stay as they are until all is verified; then they are moved aside.
 * Rejects with `BackupUnusable`, `RestoreRefused`, `FolderInUse` or UsageError.
 */
export const restoreHome = async (
  folder: string,
  home: string,
  options: RestoreOptions,
): Promise<Restored> => {
  const manifest = await readBackup(folder)
  await checkHome(home, manifest)
  const paths = homePaths(home)
  const lock = existsSync(paths.data) ? lockFolder(paths.data) : null
  try {
    await makeFolderDurably(home, 0o700)
    await copyMissing({ manifest, folder }, home)
    // Of a restore that was killed.
    await rm(paths.restoring, { recursive: true, force: true })
    await mkdir(paths.restoring)
    const staged = join(paths.restoring, 'log.db')
    await copyChecked({ manifest, folder }, BACKUP_FILES.log, staged)
    const done = await stage(home, staged, { manifest, ...options })
    if (done.state === 'to-sign') return done
    // The name comes before the data: a hub that is started in between finds a directory that names
    // the log otherwise, and does not start.
    const federation: FederationFile = { ...(await readFederation(home)), logName: done.logName }
    await writeFileDurably(paths.federation, `${JSON.stringify(federation, null, 2)}\n`)
    const before = await moveAside(paths.data, options.nowMs)
    await rename(paths.restoring, paths.data)
    await syncFolder(dirname(paths.data))
    return { ...done, before }
  } finally {
    lock?.release()
    await rm(paths.restoring, { recursive: true, force: true })
  }
}

/** Checks the staged log and completes it: with the checkpoint that vouches, or under a new name. */
const stage = async (
  home: string,
  staged: string,
  from: RestoreOptions & { readonly manifest: BackupManifest },
): Promise<Restored> => {
  const { manifest, newLog, checkpointFiles: files, io } = from
  const log = openSqliteLog({ path: staged })
  try {
    const directory = await storedDirectory(home, log)
    const trust = trustInStored(directory)
    const backupNote = manifest.checkpoint
    const vouching = await vouchingFor(log, trust, { backupNote, home, files, io })
    const accessSize = await log.head(ACCESS_TOPIC)
    if (newLog === null) {
      const { note, size } = voucherOf(vouching, trust.log.name)
      // The hub that starts on this holds the log to it.
      const tiles = join(dirname(staged), 'tiles')
      await mkdir(tiles)
      await writeFileDurably(join(tiles, 'checkpoint'), note)
      const logName = trust.log.name
      return { state: 'restored', logName, accessSize, vouchedSize: size, before: null }
    }
    const bytes = await namingEntry(home, directory, newLog)
    if (newLog.how === 'begin') return { state: 'to-sign', file: newLog.toSign, bytes }
    const former = vouching.voucher ?? vouching.own
    const logName = await nameLogAnew(home, log, directory, { bytes, former })
    return { state: 'restored', logName, accessSize, vouchedSize: null, before: null }
  } finally {
    await log.close()
    await rm(join(dirname(staged), 'lock.db'), { force: true })
  }
}

const voucherOf = ({ own, voucher }: Vouching, logName: string) => {
  if (voucher !== null) return voucher
  throw new RestoreRefused(
    [
      `nothing vouches that ${logName} ended at ${own.size} records, or soon after: what was`,
      '  signed later would be signed again, as something else. Either',
      `  --checkpoint FILE: one of ${own.size} records or more, the newest that anybody else kept, as`,
      '    the clients’ (clients/AGENCY/NAME/checkpoint) or a witness’s; or',
      '  --new-log-name NAME --key root.pem: the log goes on under another name. The root keys',
      '    are elsewhere? --new-log-name NAME --to-sign FILE, then rabta root sign FILE --key …',
      '    where they are, then this command with --signed FILE, within ten minutes',
    ].join('\n'),
  )
}

const checkHome = async (home: string, manifest: BackupManifest): Promise<void> => {
  const { federation, seal, logKey } = homePaths(home)
  if (existsSync(federation)) {
    const { genesisDigest } = await readFederation(home)
    if (genesisDigest !== manifest.genesisDigest) {
      throw new BackupUnusable(`${home} is of another federation than the backup`)
    }
  }
  const hasKeys = existsSync(seal) && existsSync(logKey)
  if (!hasKeys && !manifest.withKeys) {
    throw new UsageError(`${home}/hub has no keys, and the backup none: put them there first`)
  }
}

/** What the home has of its own stays. */
const copyMissing = async (
  from: { readonly manifest: BackupManifest; readonly folder: string },
  home: string,
): Promise<void> => {
  const { files } = from.manifest
  const names = files.map(({ name }) => name).filter((name) => !existsSync(join(home, name)))
  const keys: readonly string[] = BACKUP_KEYS
  await copyKeys(
    names.filter((name) => keys.includes(name)),
    from.folder,
    home,
  )
  for (const name of [BACKUP_FILES.directorySeed, BACKUP_FILES.federation]) {
    if (!names.includes(name)) continue
    await writeFileDurably(join(home, name), await readFile(join(from.folder, name)))
  }
}

const moveAside = async (data: string, nowMs: number): Promise<string | null> => {
  if (!existsSync(data)) return null
  const aside = `${data}.before-${new Date(nowMs).toISOString().replaceAll(/[:.]/g, '-')}`
  await rename(data, aside)
  return aside
}
