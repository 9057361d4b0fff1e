import { LIMITS } from '#core/limits.ts'

/**
 * An ordered, durable log of byte entries, one for each topic. Everything Rabta keeps is such a
 * log or a view over one, so these promises carry the whole.
 *
 * A topic has exactly one partition: an offset is a total order, starts at 0, and has no gaps.
 * Entries are never changed, compacted or removed by time or size.
 */
export interface MessageLog {
  /**
   * Appends `entries` in their order, in one unbroken run, and resolves with their offsets (one
   * for each entry, ascending) only when all of them are durable. Appends to one topic keep the
   * order of the calls. The bytes are the log's until the promise settles: do not change them.
   *
   * Rejects with `LogUnavailable` when certainly nothing was written, with `OutcomeUnknown` when
   * the entries may or may not be there (now or later), with `UnknownTopic` when the topic was
   * never created, with a `RangeError` when `appendBytes` refuses the entries. The caller retries;
   * a reader of the topic drops doubles by what they say.
   *
   * An append waits behind at most `LIMITS.appendsWaitingMax` others of
   * `LIMITS.appendsWaitingBytesMax` together; what would wait longer is `LogUnavailable` at once.
   *
   * In the lane `flash` it goes before all that waits for other topics, with what waits before it in
   * its own, whose order it never changes: of other topics' entries, at most what is being written
   * already comes first. It has a budget of its own, so that what fills the ordinary lane does not
   * keep it out: `LIMITS.flashAppendsWaitingMax` of `LIMITS.flashAppendsWaitingBytesMax` together.
   */
  append(
    topic: string,
    entries: readonly Uint8Array[],
    options?: AppendOptions,
  ): Promise<readonly number[]>

  /**
   * The entries at `from`, `from + 1`, … that are durable now: at most `limit` (≥ 1) of them,
   * fewer at the end of the topic or where `LIMITS.readBytesMax` would be passed (but at least one
   * if there is one), none when `from` is the head. The bytes are the caller's own. Rejects with
   * `OffsetGone` when `from` is not there although it should be: it is below the head but was
   * removed, or it is above the head, so that the topic is shorter than its reader remembers.
   * Also rejects with `LogUnavailable`, `UnknownTopic`.
   */
  read(topic: string, from: number, limit: number): Promise<readonly LogEntry[]>

  /**
   * All entries from `from` on, in order, in non-empty batches as they become durable, without
   * end until `signal` aborts (then the iteration finishes without an error). A fault of the
   * store that passes is ridden out with bounded waits; what cannot pass (`OffsetGone`, as for
   * `read`; `UnknownTopic`; `LogUnavailable` once this log is closed) is thrown. The caller
   * pulls: nothing is read far ahead of it, and a batch is bounded as one `read` is.
   */
  follow(topic: string, from: number, signal: AbortSignal): AsyncIterable<readonly LogEntry[]>

  /** The offset that the next entry of `topic` will get: 0 when it is empty. Freshly asked of the
   * store each time, never remembered. Rejects with `LogUnavailable`, `UnknownTopic`. */
  head(topic: string): Promise<number>

  /** Creates the topics that do not exist and checks those that do: one partition, kept for
   * ever. Resolves when all can be appended to. Throws `TopicMisconfigured` naming what is wrong. */
  ensureTopics(topics: readonly string[]): Promise<void>

  /** Waits for what was accepted to settle, then lets go of the store. Idempotent. Every other
   * call is `LogUnavailable` from here on. */
  close(): Promise<void>
}

export type Lane = 'ordinary' | 'flash'

export interface AppendOptions {
  /** `ordinary` when nothing is said. */
  readonly lane?: Lane
}

export interface LogEntry {
  readonly offset: number
  readonly value: Uint8Array
}

/** How many bytes `entries` hold. Throws a `RangeError`, for it is the caller's bug, unless they are
 * 1 to `LIMITS.appendEntriesMax` entries of 1 to `LIMITS.entryBytesMax` bytes, together at most
 * `LIMITS.appendBatchBytesMax`. */
export const appendBytes = (entries: readonly Uint8Array[]): number => {
  if (entries.length < 1 || entries.length > LIMITS.appendEntriesMax) {
    throw new RangeError(`cannot append ${entries.length} entries at once`)
  }
  let bytes = 0
  for (const entry of entries) {
    if (entry.length < 1 || entry.length > LIMITS.entryBytesMax) {
      throw new RangeError(`cannot append an entry of ${entry.length} bytes`)
    }
    bytes += entry.length
  }
  if (bytes > LIMITS.appendBatchBytesMax) {
    throw new RangeError(`cannot append ${bytes} bytes at once`)
  }
  return bytes
}

/** Throws a `RangeError`, for it is the caller's bug, unless both can be asked for. */
export const checkReadRange = (from: number, limit: number): void => {
  if (!Number.isSafeInteger(from) || from < 0) throw new RangeError(`cannot read from ${from}`)
  if (!Number.isSafeInteger(limit) || limit < 1)
    throw new RangeError(`cannot read ${limit} entries`)
}

/** Certainly not written (or not read): the caller may retry at will. */
export class LogUnavailable extends Error {
  override readonly name = 'LogUnavailable'
}

/** The append may have happened, or may happen yet. */
export class OutcomeUnknown extends Error {
  override readonly name = 'OutcomeUnknown'
}

/** The entry should be there and is not: the topic has a gap, or is shorter than it was. */
export class OffsetGone extends Error {
  override readonly name = 'OffsetGone'
}

export class UnknownTopic extends Error {
  override readonly name = 'UnknownTopic'
}

/** A topic exists with a setting under which the promises above do not hold. */
export class TopicMisconfigured extends Error {
  override readonly name = 'TopicMisconfigured'
}
