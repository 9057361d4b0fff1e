import { isTimeMs } from '#core/time.ts'

/** What a backup is of, and what its files must be. The last file of a backup to be written. */
export interface BackupManifest {
  readonly madeAtMs: number
  /** Of `federation.json`: which directory this is, hexadecimal. */
  readonly genesisDigest: string
  readonly logName: string
  /** The signed note of the newest checkpoint when the copying began; the copied log holds all that
   * it covers. */
  readonly checkpoint: string
  /** Entries of the access topic, and of the directory topic. */
  readonly accessSize: number
  readonly directorySize: number
  readonly schemas: { readonly log: number }
  readonly withKeys: boolean
  readonly files: readonly BackupFile[]
}

export interface BackupFile {
  /** Relative to the backup, with `/`; as in the home. */
  readonly name: string
  readonly bytes: number
  /** Hexadecimal. */
  readonly sha256: string
}

export const MANIFEST_FILE = 'manifest.json'
const FORMAT = 'rabta-backup-1'

export const formatManifest = (manifest: BackupManifest): string =>
  `${JSON.stringify({ format: FORMAT, ...manifest }, null, 2)}\n`

/** Null for what is no manifest. */
export const parseManifest = (text: string): BackupManifest | null => {
  const read = parsedJson(text)
  const { madeAtMs, genesisDigest, logName, checkpoint, accessSize, directorySize } = read
  const { withKeys } = read
  const log = fieldsOf(read['schemas'])['log']
  const files = Array.isArray(read['files']) ? read['files'].flatMap(fileFrom) : []
  if (read['format'] !== FORMAT || files.length === 0 || typeof withKeys !== 'boolean') return null
  // A file that cannot be read here must not be left out in silence.
  if (!Array.isArray(read['files']) || files.length !== read['files'].length) return null
  if (!isCount(madeAtMs) || !isTimeMs(madeAtMs) || !isCount(log)) return null
  if (!isCount(accessSize) || !isCount(directorySize)) return null
  if (typeof genesisDigest !== 'string' || typeof logName !== 'string') return null
  if (typeof checkpoint !== 'string') return null
  const of = { madeAtMs, genesisDigest, logName, checkpoint, accessSize, directorySize }
  return { ...of, schemas: { log }, withKeys, files }
}

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0

type Fields = Readonly<Record<string, unknown>>

const parsedJson = (text: string): Fields => {
  try {
    return fieldsOf(JSON.parse(text))
  } catch {
    // Not even JSON: it lacks all that a manifest has.
    return {}
  }
}

/**
 * The files that a backup can have. A manifest comes from elsewhere: no other name of its may lead
 * out of the home, or to a file of somebody else's in it.
 */
export const BACKUP_FILES = {
  log: 'data/log.db',
  federation: 'federation.json',
  directorySeed: 'directory.seed',
} as const

export const BACKUP_KEYS = [
  'hub/token-signing.pem',
  'hub/log-signing.pem',
  'hub/cursor.key',
  'hub/search.key',
  'hub/seal/live.json',
  'hub/seal/exercise.json',
] as const

const NAMES: readonly string[] = [...Object.values(BACKUP_FILES), ...BACKUP_KEYS]

const fileFrom = (value: unknown): readonly BackupFile[] => {
  const { name, bytes, sha256 } = fieldsOf(value)
  if (typeof name !== 'string' || !NAMES.includes(name) || !isCount(bytes)) return []
  const isDigest = typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256)
  return isDigest ? [{ name, bytes, sha256 }] : []
}

const fieldsOf = (value: unknown): Fields => ({ ...Object(value) })
