import type { OnAlarm } from '#core/alarm.ts'
import { DirectoryView } from '#core/directory/view.ts'
import type { Sha256 } from '#core/hash.ts'
import type { VerifySignature } from '#core/key.ts'
import { LIMITS } from '#core/limits.ts'
import { meteredAlarms, meteredLog } from '#core/metrics/metered.ts'
import { Metrics } from '#core/metrics/metrics.ts'
import type { Clock, RandomBytes } from '#core/ports/clock.ts'
import type { MessageLog } from '#core/ports/message-log.ts'
import { memoised } from '#core/signature-memo.ts'
import { allTopics, DIRECTORY_TOPIC } from '#core/topics.ts'

/**
 * Stands between a service and a store that it has opened under `name`. Nothing does in production;
 * tests of crashes and failing writes do.
 */
export type WrapStore = <T extends object>(name: StoreName, store: T) => T

export const UNWRAPPED: WrapStore = (_name, store) => store

export type StoreName =
  | 'log'
  | 'gateway-intake'
  | 'alert-index'
  | 'acknowledgements'
  | 'router-intake'
  | 'tiles'
  | 'record-index'
  | 'audit-intake'
  | 'guard'

/** What every service of a process stands on; services in one process share it. */
export interface ServiceParts {
  readonly log: MessageLog
  readonly directory: DirectoryView
  /** Remembers what verified, so that one process pays once. */
  readonly verify: VerifySignature
  readonly sha256: Sha256
  readonly random: RandomBytes
  readonly clock: Clock
  readonly onAlarm: OnAlarm
  readonly wrap: WrapStore
  /** What all services of this process count. */
  readonly metrics: Metrics
}

export interface PartsOptions {
  readonly log: MessageLog
  readonly verify: VerifySignature
  readonly sha256: Sha256
  readonly random: RandomBytes
  readonly clock: Clock
  readonly onAlarm: OnAlarm
  readonly genesisDigest: Uint8Array
  /** The signed entries that a directory topic without entries begins with. Services that start
   * together must not all have it: each would append it, and each repeat is an alarm for ever. None:
   * waits until another service has appended it. */
  readonly directorySeed: readonly Uint8Array[]
  readonly wrap?: WrapStore
  readonly metrics?: Metrics
}

/** The directory topic does not hold the directory that this service is told to trust. */
export class DirectoryForeign extends Error {
  override readonly name = 'DirectoryForeign'
}

/** Nobody has begun the directory within `directoryFoundedMsMax`. */
export class DirectoryEmpty extends Error {
  override readonly name = 'DirectoryEmpty'
}

/** Checks the topics, seeds a new directory, and resolves when the directory has caught up. Rejects
 * with `DirectoryForeign` or `DirectoryEmpty` where there is none for this service. */
export const startParts = async (options: PartsOptions): Promise<ServiceParts> => {
  const { sha256, random, clock, genesisDigest, metrics = new Metrics() } = options
  const log = meteredLog(options.log, metrics, clock)
  const onAlarm = meteredAlarms(options.onAlarm, metrics)
  await log.ensureTopics(allTopics())
  let isForeign = false
  const verify = memoised(options.verify, sha256, LIMITS.signaturesRememberedMax)
  const directory = new DirectoryView({
    log,
    clock,
    sha256,
    verify,
    genesisDigest,
    onIgnored: (offset, why) => {
      if (why === 'not-pinned' || why === 'unknown-signer') isForeign = true
      onAlarm({ what: 'directory-entry-ignored', topic: DIRECTORY_TOPIC, offset, why })
    },
    onLate: (offset, sequence) => {
      const why = `entry ${sequence}`
      onAlarm({ what: 'directory-entry-late', topic: DIRECTORY_TOPIC, offset, why })
    },
  })
  await directory.start()
  try {
    await founded(directory, { ...options, log }, () => isForeign)
    await directory.catchUp()
  } catch (error) {
    await directory.stop()
    throw error
  }
  const { wrap = UNWRAPPED } = options
  directory.watchTimes()
  metrics.watch('rabta_directory_age_seconds', {}, () => directory.ageMs() / 1_000)
  metrics.watch('rabta_directory_entries', {}, () => directory.state.sequence + 1)
  return { log, directory, verify, sha256, random, clock, onAlarm, wrap, metrics }
}

/**
 * Resolves when the directory has its genesis entry. What no entry is does not keep a federation
 * from beginning, whoever wrote it: the pinned digest says which entry is the first. But where
 * somebody else’s entries lie, nothing is written.
 *
 * The seed is one append, so that a crash leaves all of it or none. Two services that start at once
 * may both append it: the second copy is ignored entry by entry, since each has its place.
 */
const founded = async (
  directory: DirectoryView,
  { log, clock, directorySeed }: PartsOptions,
  isForeign: () => boolean,
): Promise<void> => {
  const deadlineMs = clock.monotonicMs() + LIMITS.directoryFoundedMsMax
  let seed = directorySeed
  for (;;) {
    await directory.catchUp()
    if (directory.state.sequence >= 0) return
    if (isForeign()) {
      throw new DirectoryForeign(`topic ${DIRECTORY_TOPIC} does not hold the pinned genesis entry`)
    }
    if (seed.length > 0) {
      await log.append(DIRECTORY_TOPIC, seed)
      seed = []
      continue
    }
    if (clock.monotonicMs() > deadlineMs) {
      throw new DirectoryEmpty(`topic ${DIRECTORY_TOPIC} is empty: the audit service begins it`)
    }
    await clock.sleep(FOUNDED_POLL_MS)
  }
}

const FOUNDED_POLL_MS = 50
