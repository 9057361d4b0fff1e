import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { homePaths } from '#adapters/files/home.ts'
import { openSqliteLog } from '#adapters/sqlite/message-log.ts'
import { BackupUnusable, RestoreRefused } from '#clients/cli/backup/backup-unusable.ts'
import { type Io, UsageError } from '#clients/cli/command.ts'
import { Progress } from '#clients/cli/progress.ts'
import { utf8 } from '#core/bytes.ts'
import { largestOf, lastCheckpoint, type SignedCheckpoint } from '#core/last-checkpoint.ts'
import { compareLog } from '#core/log-roots.ts'
import type { MessageLog } from '#core/ports/message-log.ts'
import { type LogTrust, openCheckpoint } from '#core/tlog/signed-checkpoint.ts'

interface Known extends SignedCheckpoint {
  readonly where: string
}

export interface Vouching {
  /** The backup's own, with which its log agrees. */
  readonly own: SignedCheckpoint
  /** The largest checkpoint from elsewhere, when it is no smaller than the backup's own: who kept
   * it says by it that the log was as long, and no longer. Null when nothing says so. */
  readonly voucher: SignedCheckpoint | null
}

/**
 * Holds the log of a backup against its own checkpoint, the home's, and those that were saved
 * elsewhere. Rejects with `RestoreRefused` when it is shorter than one of them, or another.
 */
export const vouchingFor = async (
  log: MessageLog,
  trust: LogTrust,
  from: {
    readonly backupNote: string
    readonly home: string
    readonly files: readonly string[]
    readonly io: Io | null
  },
): Promise<Vouching> => {
  const own = await opened(trust, utf8(from.backupNote), 'the backup’s checkpoint')
  const elsewhere = [...(await ofHome(trust, from.home)), ...(await ofFiles(trust, from.files))]
  const comparing = from.io && new Progress(from.io, 'comparing')
  const onProgress = (done: number, total: number) => comparing?.set(done, total)
  const compared = await compareLog({ log, sha256 }, [own, ...elsewhere], onProgress)
  comparing?.end()
  for (const { checkpoint, agreement } of compared) {
    if (agreement === 'agrees') continue
    const { where, size } = checkpoint
    throw new RestoreRefused(`${WHY[agreement]}: ${where} is of size ${size}. Nothing was changed`)
  }
  const largest = largestOf(elsewhere)
  const isAll = largest !== null && largest.size >= own.size
  return { own, voucher: isAll ? largest : null }
}

const WHY = {
  shorter: 'the backup’s log is shorter than what this log has signed since',
  forked: 'the backup’s log is another than the one that was signed',
} as const

const opened = async (trust: LogTrust, note: Uint8Array, where: string): Promise<Known> => {
  const read = await openCheckpoint(note, trust)
  if (!read.ok) throw new BackupUnusable(`${where} is ${read.why}`)
  return { ...read.checkpoint, note, where }
}

const ofFiles = (trust: LogTrust, files: readonly string[]): Promise<readonly Known[]> =>
  Promise.all(files.map(async (file) => opened(trust, await readFile(file), file)))

/** What is left of the home's own data, whatever became of it. */
const ofHome = async (trust: LogTrust, home: string): Promise<readonly Known[]> => {
  const { tiles, logDatabase } = homePaths(home)
  const file = join(tiles, 'checkpoint')
  const beside = existsSync(file) ? await ofFiles(trust, [file]) : []
  const last = existsSync(logDatabase) ? await lastOf(logDatabase, trust) : null
  return [...beside, ...(last === null ? [] : [{ ...last, where: logDatabase }])]
}

const lastOf = async (path: string, trust: LogTrust): Promise<SignedCheckpoint | null> => {
  try {
    const log = openSqliteLog({ path, readOnly: true })
    try {
      return await lastCheckpoint(log, trust, () => undefined)
    } finally {
      await log.close()
    }
  } catch {
    // A damaged database is why somebody restores; the copy beside the tiles is no older than what
    // anybody was shown.
    return null
  }
}

/** The notes that `--checkpoint` names. Throws UsageError for a list with an empty name. */
export const checkpointFiles = (list: string | undefined): readonly string[] => {
  const files = list?.split(',') ?? []
  if (files.includes('')) throw new UsageError('--checkpoint takes FILE[,FILE]')
  return files
}
