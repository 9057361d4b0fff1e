import { type AccessRecord, encodeAccessRecord } from '#core/access-record.ts'
import { within } from '#core/deadline.ts'
import type { DirectoryState } from '#core/directory/state.ts'
import type { Sha256 } from '#core/hash.ts'
import { LIMITS } from '#core/limits.ts'
import type { Clock, RandomBytes } from '#core/ports/clock.ts'
import type { AppendOptions, MessageLog } from '#core/ports/message-log.ts'
import { leafHash } from '#core/tlog/hash.ts'
import { ACCESS_TOPIC } from '#core/topics.ts'

/** What a service says of an act; the writer adds the time, the salt and its own name. */
export type RecordDraft = Omit<AccessRecord, 'timeMs' | 'salt' | 'service'>

export interface WrittenRecord {
  /** The leaf index: its offset in the access topic. */
  readonly index: number
  readonly bytes: Uint8Array
  /** RFC 9162 §2.1.1. */
  readonly leafHash: Uint8Array
}

export interface AccessLog {
  /**
   * Appends one record for each draft, in order, and resolves when all are durable. Rejects with
   * LogUnavailable or OutcomeUnknown, the latter also past `recordAppendMsMax`: whoever wanted to
   * act on these records must not.
   */
  append(drafts: readonly RecordDraft[], options?: AppendOptions): Promise<readonly WrittenRecord[]>
}

export interface AccessLogDeps {
  readonly log: MessageLog
  readonly clock: Clock
  readonly random: RandomBytes
  readonly sha256: Sha256
  readonly service: AccessRecord['service']
}

export const openAccessLog = (deps: AccessLogDeps): AccessLog => ({
  append: async (drafts, options) => {
    if (drafts.length === 0) return []
    const { clock, random, service } = deps
    const timeMs = clock.nowMs()
    const salts = random(drafts.length * SALT_BYTES)
    const entries = drafts.map((draft, at) =>
      encodeAccessRecord({
        ...draft,
        timeMs,
        service,
        salt: salts.subarray(at * SALT_BYTES, (at + 1) * SALT_BYTES),
      }),
    )
    const offsets = await within(
      deps.log.append(ACCESS_TOPIC, entries, options),
      LIMITS.recordAppendMsMax,
      {
        clock,
        why: 'the access record was not durable in time',
      },
    )
    return entries.map((bytes, at) => ({
      index: offsets[at] ?? Number.NaN,
      bytes,
      leafHash: leafHash(deps.sha256, bytes),
    }))
  },
})

const SALT_BYTES = 16

/** The head of the directory by which something was decided, for the record. */
export const directoryHead = ({ sequence, digest }: DirectoryState): AccessRecord['directory'] =>
  sequence < 0 ? null : { sequence, digest }
