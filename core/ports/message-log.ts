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
   * order of the calls. `entries` holds 1 to `LIMITS.appendEntriesMax` entries of 1 to
   * `LIMITS.entryBytesMax` bytes.
   *
   * Rejects with `LogUnavailable` when certainly nothing was written, with `OutcomeUnknown` when
   * the entries may or may not be there (now or later), with `UnknownTopic` when the topic was
   * never created. The caller retries; a reader of the topic drops doubles by what they say.
   */
  append(topic: string, entries: readonly Uint8Array[]): Promise<readonly number[]>

  /**
   * The entries at `from`, `from + 1`, … that are durable now: at most `limit` (≥ 1) of them,
   * fewer at the end of the topic or where `LIMITS.readBytesMax` would be passed (but at least one
   * if there is one), none when `from` is the head. Rejects with `OffsetGone` when the topic no
   * longer has `from` although its head is beyond it, `LogUnavailable`, `UnknownTopic`.
   */
  read(topic: string, from: number, limit: number): Promise<readonly LogEntry[]>

  /**
   * All entries from `from` on, in order, in non-empty batches as they become durable, without
   * end until `signal` aborts (then the iteration finishes without an error). A fault of the
   * store that passes is ridden out with bounded waits; what cannot pass (`OffsetGone`,
   * `UnknownTopic`) is thrown. The caller pulls: nothing is read far ahead of it.
   */
  follow(topic: string, from: number, signal: AbortSignal): AsyncIterable<readonly LogEntry[]>

  /** The offset that the next entry of `topic` will get: 0 when it is empty. Freshly asked of the
   * store each time, never remembered. Rejects with `LogUnavailable`, `UnknownTopic`. */
  head(topic: string): Promise<number>

  /** Creates the topics that do not exist and checks those that do: one partition, kept for
   * ever. Resolves when all can be appended to. Throws `TopicMisconfigured` naming what is wrong. */
  ensureTopics(topics: readonly string[]): Promise<void>

  /** Waits for what was accepted to settle, then lets go of the store. Idempotent. */
  close(): Promise<void>
}

export interface LogEntry {
  readonly offset: number
  readonly value: Uint8Array
}

/** Certainly not written (or not read): the caller may retry at will. */
export class LogUnavailable extends Error {
  override readonly name = 'LogUnavailable'
}

/** The append may have happened, or may happen yet. */
export class OutcomeUnknown extends Error {
  override readonly name = 'OutcomeUnknown'
}

/** The topic's head is beyond this offset, yet the entry is not there: the log has a gap. */
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
