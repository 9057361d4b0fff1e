import type { Sha256 } from '#core/hash.ts'
import { LIMITS } from '#core/limits.ts'
import type { LogEntry } from '#core/ports/message-log.ts'
import { leafHash } from '#core/tlog/hash.ts'

/** The access topic cannot be the leaves of one tree any more: nothing may be signed over it. */
export class LogBroken extends Error {
  override readonly name = 'LogBroken'
}

/**
 * Entry n of the access topic is leaf n. The hashes of `entries`, which must be those from index
 * `from` on; throws `LogBroken` for a gap, or for an entry that no entry bundle can hold.
 */
export const accessLeafHashes = (
  sha256: Sha256,
  from: number,
  entries: readonly LogEntry[],
): readonly Uint8Array[] =>
  entries.map(({ offset, value }, at) => {
    if (offset !== from + at) {
      throw new LogBroken(`access has a gap: entry ${from + at} is missing, ${offset} follows`)
    }
    if (value.length < 1 || value.length > LIMITS.accessRecordBytesMax) {
      throw new LogBroken(`access entry ${offset} has ${value.length} bytes, so it is no leaf`)
    }
    return leafHash(sha256, value)
  })
