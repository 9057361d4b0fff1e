import type { HomeLedger } from '#tests/faults/home-ledger.ts'

/** What a client was promised and given, as it wrote it down itself. */
export interface ClientLedger {
  /** Alerts whose publication was acknowledged: `origin/id` to digest and record. */
  readonly acknowledged: ReadonlyMap<string, Acknowledged>
  /** A second set of bytes under an id that was acknowledged before, acknowledged as well. */
  readonly takenTwice: readonly string[]
  readonly delivered: readonly Delivered[]
  /** SHA-256 of directory entries whose entering was acknowledged. */
  readonly entered: ReadonlySet<string>
}

export interface Acknowledged {
  readonly digest: string
  readonly record: LedgerReference
}

export interface LedgerReference {
  readonly index: number
  readonly sha256: string
}

export interface Delivered {
  readonly reader: string
  readonly action: 'RELEASE' | 'READ'
  readonly name: string
  readonly digest: string
  readonly record: LedgerReference
}

/** Each list names what is wrong. */
export interface Counts {
  readonly acknowledged: number
  readonly lost: readonly string[]
  readonly doubled: readonly string[]
  readonly releasedWithoutRecord: readonly string[]
  readonly unrecorded: readonly string[]
}

/** Holds what clients were told against what the hub's log holds. `feedReader` has read its feed,
 * which holds every alert here, to its end. */
export const count = (client: ClientLedger, home: HomeLedger, feedReader: string): Counts => {
  const fed = client.delivered.filter(
    ({ reader, action }) => reader === feedReader && action === 'RELEASE',
  )
  const inFeed = new Map(fed.map(({ name, digest }) => [name, digest]))
  const acknowledged = [...client.acknowledged]
  return {
    acknowledged: acknowledged.length,
    lost: [
      ...acknowledged.flatMap(([name, { digest }]) =>
        [
          isFirst(home, /\.intake\./, name, digest) ? null : `${name} of intake`,
          isFirst(home, /\.alerts\./, name, digest) ? null : `${name} of alerts`,
          inFeed.get(name) === digest ? null : `${name} of the feed`,
        ].filter((one) => one !== null),
      ),
      ...[...client.entered].filter((entry) => !home.directory.has(entry)),
    ],
    doubled: [...client.takenTwice, ...repeated(fed.map(({ name }) => name))],
    releasedWithoutRecord: client.delivered
      .filter((one) => !isRecorded(home, one))
      .map(({ name, record }) => `${name} at ${record.index}`),
    unrecorded: acknowledged
      .filter(([, { record }]) => home.records[record.index]?.sha256 !== record.sha256)
      .map(([name]) => name),
  }
}

/** Whether the first frame of this name has this digest in every such topic that has one. */
const isFirst = (home: HomeLedger, topics: RegExp, name: string, digest: string): boolean => {
  const firsts = [...home.frames]
    .filter(([topic]) => topics.test(topic))
    .map(([, frames]) => frames.find((frame) => frame.name === name))
    .filter((frame) => frame !== undefined)
  return firsts.length > 0 && firsts.every((frame) => frame.digest === digest)
}

const repeated = (names: readonly string[]): readonly string[] =>
  names.filter((name, at) => names.indexOf(name) !== at)

const isRecorded = (home: HomeLedger, { reader, action, name, digest, record }: Delivered) => {
  const leaf = home.records[record.index]
  return (
    leaf !== undefined &&
    leaf.sha256 === record.sha256 &&
    leaf.action === action &&
    leaf.outcome === 'ALLOWED' &&
    leaf.principal === reader &&
    leaf.alert === `${name} ${digest}`
  )
}
