import {
  appendBytes,
  type LogEntry,
  LogUnavailable,
  type MessageLog,
  OutcomeUnknown,
} from '#core/ports/message-log.ts'

/** What becomes of an append, and what its caller is told. */
export type AppendFault =
  | { readonly kind: 'not-written' }
  | { readonly kind: 'written-but-unknown' }
  | { readonly kind: 'not-written-and-unknown' }
  /** Handed on only when `until` is over. What is appended to the topic after it waits as well. */
  | { readonly kind: 'delayed'; readonly until: Promise<void> }

/** A message log that fails as it is told to, for tests of what stands on a log. Apart from the
 * faults that are planned, it keeps every promise that `inner` keeps. */
export class FaultyMessageLog implements MessageLog {
  readonly #inner: MessageLog
  readonly #calls = new Map<string, number>()
  readonly #faults = new Map<string, AppendFault>()
  /** For each topic: over when all appends so far may be handed on. */
  readonly #turns = new Map<string, Promise<void>>()

  constructor(inner: MessageLog) {
    this.#inner = inner
  }

  /** Plans what becomes of one append to `topic`; the first `call` of this log's life is 1. */
  onAppend(topic: string, call: number, fault: AppendFault): void {
    this.#faults.set(keyOf(topic, call), fault)
  }

  onNextAppend(topic: string, fault: AppendFault): void {
    this.onAppend(topic, this.calls(topic) + 1, fault)
  }

  /** How many appends to `topic` there were, those that failed included. */
  calls(topic: string): number {
    return this.#calls.get(topic) ?? 0
  }

  async append(topic: string, entries: readonly Uint8Array[]): Promise<readonly number[]> {
    appendBytes(entries)
    const call = this.calls(topic) + 1
    this.#calls.set(topic, call)
    const fault = this.#faults.get(keyOf(topic, call))
    const before = this.#turns.get(topic) ?? Promise.resolve()
    const turn = fault?.kind === 'delayed' ? before.then(() => fault.until) : before
    this.#turns.set(topic, turn)
    return turn.then(() => this.#act(topic, entries, fault))
  }

  read(topic: string, from: number, limit: number): Promise<readonly LogEntry[]> {
    return this.#inner.read(topic, from, limit)
  }

  follow(topic: string, from: number, signal: AbortSignal): AsyncIterable<readonly LogEntry[]> {
    return this.#inner.follow(topic, from, signal)
  }

  head(topic: string): Promise<number> {
    return this.#inner.head(topic)
  }

  ensureTopics(topics: readonly string[]): Promise<void> {
    return this.#inner.ensureTopics(topics)
  }

  async close(): Promise<void> {
    await Promise.all(this.#turns.values())
    await this.#inner.close()
  }

  async #act(
    topic: string,
    entries: readonly Uint8Array[],
    fault: AppendFault | undefined,
  ): Promise<readonly number[]> {
    const what = `planned fault: ${fault?.kind}`
    if (fault?.kind === 'not-written') throw new LogUnavailable(what)
    if (fault?.kind === 'not-written-and-unknown') throw new OutcomeUnknown(what)
    const offsets = await this.#inner.append(topic, entries)
    if (fault?.kind === 'written-but-unknown') throw new OutcomeUnknown(what)
    return offsets
  }
}

const keyOf = (topic: string, call: number): string => `${call} ${topic}`
