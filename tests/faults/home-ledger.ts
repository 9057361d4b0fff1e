import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import avsc from 'avsc'

/**
 * What a hub's log database holds, by a reader that shares no code with the hub: SQLite, Avro's own
 * library and the published schemas. It trusts stamps and records as they are written there.
 */
export interface HomeLedger {
  readonly records: readonly LedgerRecord[]
  /** Frames by topic, in order. */
  readonly frames: ReadonlyMap<string, readonly LedgerFrame[]>
  /** SHA-256 of each entry of the directory topic, as hex. */
  readonly directory: ReadonlySet<string>
}

export interface LedgerRecord {
  readonly sha256: string
  readonly action: string
  readonly outcome: string
  readonly principal: string | null
  /** `origin/id digest`; null when the record is about none. */
  readonly alert: string | null
}

export interface LedgerFrame {
  /** `origin/id`. */
  readonly name: string
  readonly digest: string
}

export const readHome = (database: string): HomeLedger => {
  const db = new DatabaseSync(database, { readOnly: true })
  try {
    const names = db.prepare('SELECT id, name FROM topics').all()
    const values = (id: unknown): readonly Uint8Array[] =>
      db
        .prepare(`SELECT value FROM topic_${Number(id)} ORDER BY offset`)
        .all()
        .map(({ value }) => value as Uint8Array)
    const topics = new Map(names.map(({ id, name }) => [String(name), values(id)]))
    const frames = [...topics].filter(([name]) => /\.(?:intake|alerts)\./.test(name))
    return {
      records: (topics.get('access') ?? []).map(recordFrom),
      frames: new Map(frames.map(([name, entries]) => [name, entries.map(frameFrom)])),
      directory: new Set((topics.get('directory') ?? []).map(sha256)),
    }
  } finally {
    db.close()
  }
}

export const sha256 = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex')

const typeOf = (name: string) =>
  avsc.Type.forSchema(JSON.parse(readFileSync(`schemas/rabta.v1.${name}.avsc`, 'utf8')))

const TYPES = {
  record: typeOf('AccessRecord'),
  frame: typeOf('Frame'),
  stamp: typeOf('Stamp'),
}

/** `C3 01` and the schema's fingerprint. */
const HEADER_BYTES = 10

const bodyOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes).subarray(HEADER_BYTES)

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

const nameOf = (origin: string, id: Uint8Array): string =>
  `${origin}/${hex(id).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')}`

/** A union's value comes by itself or under its branch's name, as avsc is set up. */
const unwrapped = (value: unknown): unknown => {
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value
  const [only, ...others] = Object.values(value)
  return others.length === 0 ? only : value
}

const recordFrom = (bytes: Uint8Array): LedgerRecord => {
  const { action, outcome, principal, alert } = TYPES.record.fromBuffer(bodyOf(bytes))
  const about = unwrapped(alert) as { origin: string; id: Uint8Array; digest: unknown } | null
  const digest = about && (unwrapped(about.digest) as Uint8Array | null)
  return {
    sha256: sha256(bytes),
    action,
    outcome,
    principal: unwrapped(principal) as string | null,
    alert: about && `${nameOf(about.origin, about.id)} ${digest ? hex(digest) : '-'}`,
  }
}

const frameFrom = (bytes: Uint8Array): LedgerFrame => {
  const { stamp } = TYPES.frame.fromBuffer(bodyOf(bytes))
  const { origin, id, digest } = TYPES.stamp.fromBuffer(bodyOf(stamp))
  return { name: nameOf(origin, id), digest: hex(digest) }
}
