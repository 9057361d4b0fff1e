import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import type { AppendBudget } from '#core/append-budget.ts'
import { LIMITS } from '#core/limits.ts'
import { type Lane, LogUnavailable, OutcomeUnknown, UnknownTopic } from '#core/ports/message-log.ts'

/** A producer that one batch uses from its first send to its last. */
export interface Lease {
  /** Sends the values as one batch; the offset of the first. May reject though they were written. */
  send(topic: string, values: readonly Buffer[]): Promise<number>
  /** Ends the use. A batch was given up: its sequence number may be taken or free, and nothing
   * may be sent under it again, by anyone. */
  release(outcome: 'settled' | 'given-up'): Promise<void>
}

export interface QueueOptions {
  readonly topic: string
  readonly appendMsMax: number
  /** Rejects with `UnknownTopic` when the topic was never created, with anything else for now. */
  readonly findTopic: (topic: string) => Promise<unknown>
  /** A producer with a connection. Rejects when no broker can be reached. */
  readonly lease: () => Promise<Lease>
  /** What waits in all queues of the log. */
  readonly budget: AppendBudget
  /** Aborts when nothing shall be sent any more. */
  readonly stopped: AbortSignal
  readonly onFault: (error: unknown) => void
  /** The topic was never created, and the queue is empty. */
  readonly onUnknown: () => void
}

interface Append {
  readonly values: readonly Buffer[]
  readonly bytes: number
  readonly lane: Lane
  readonly resolve: (offsets: readonly number[]) => void
  readonly reject: (error: Error) => void
  readonly deadline: NodeJS.Timeout
}

/**
 * The appends to one topic: at most one batch is with the producer, and the same batch is sent
 * until it is settled, before anything newer. kafkajs takes back a sequence number when a send
 * fails, though the broker may have used it; whatever is sent next under that number is
 * acknowledged as a repetition and never written. Only the same batch may be sent next.
 *
 *   waiting ──(producer free)──▶ sent ──(acknowledged)──▶ offsets
 *      │ deadline                  │ deadline
 *      ▼                           ▼
 *   LogUnavailable               OutcomeUnknown, while the batch goes on until it is settled
 */
export class AppendQueue {
  readonly #options: QueueOptions
  readonly #waiting = new Set<Append>()
  #sent: ReadonlySet<Append> = new Set()
  #run: Promise<void> | undefined
  #isFound = false

  constructor(options: QueueOptions) {
    this.#options = options
  }

  append(
    entries: readonly Uint8Array[],
    { bytes, lane }: { readonly bytes: number; readonly lane: Lane },
  ): Promise<readonly number[]> {
    const { budget, appendMsMax } = this.#options
    if (!budget.take(lane, bytes)) throw new LogUnavailable('too many appends are waiting')
    const { promise, resolve, reject } = Promise.withResolvers<readonly number[]>()
    // Copies: an append whose outcome is unknown is the caller's again, and may be sent again.
    const values = entries.map((entry) => Buffer.from(entry))
    const deadline = setTimeout(() => this.#expire(append), appendMsMax)
    const append: Append = { values, bytes, lane, resolve, reject, deadline }
    this.#waiting.add(append)
    this.#run ??= this.#work()
    return promise
  }

  /** Resolves when no batch is with the producer and none will be. */
  async idle(): Promise<void> {
    await this.#run
  }

  async #work(): Promise<void> {
    // The callers of a batch are told in one turn; what they append next leaves together.
    await setImmediate()
    while (this.#waiting.size > 0) {
      const lease = await this.#ready()
      if (lease !== undefined) await this.#settle(lease, this.#takeBatch())
      await setImmediate()
    }
    // In one step with the look: an append that comes a moment later starts anew.
    this.#run = undefined
    if (!this.#isFound) this.#options.onUnknown()
  }

  /** Waits for the topic and a producer for as long as an append does. Nothing is sent before,
   * so what expires meanwhile was certainly not written. */
  async #ready(): Promise<Lease | undefined> {
    const { topic, findTopic, lease } = this.#options
    for (let faults = 0; this.#waiting.size > 0; faults += 1) {
      try {
        if (!this.#isFound) await findTopic(topic)
        this.#isFound = true
        return await lease()
      } catch (error) {
        if (error instanceof UnknownTopic) this.#refuseWaiting(error)
        else await this.#pause(faults, error)
      }
    }
    return undefined
  }

  async #settle(lease: Lease, batch: ReadonlySet<Append>): Promise<void> {
    this.#sent = batch
    const base = batch.size === 0 ? undefined : await this.#send(lease, batch)
    this.#sent = new Set()
    if (base !== undefined) this.#resolve(batch, base)
    for (const append of batch) {
      clearTimeout(append.deadline)
      append.reject(new OutcomeUnknown('the broker does not say whether it was appended'))
    }
    await lease.release(batch.size > 0 && base === undefined ? 'given-up' : 'settled')
  }

  #resolve(batch: ReadonlySet<Append>, base: number): void {
    let next = base
    for (const { values, resolve } of batch) {
      const first = next
      next += values.length
      resolve(values.map((_, index) => first + index))
    }
  }

  /** The offset of the batch, or `undefined` when it was given up. */
  async #send(lease: Lease, batch: ReadonlySet<Append>): Promise<number | undefined> {
    const { topic, stopped, onFault } = this.#options
    const values = [...batch].flatMap((append) => append.values)
    const sentAt = performance.now()
    for (let faults = 0; !stopped.aborted; faults += 1) {
      try {
        return await lease.send(topic, values)
      } catch (error) {
        if (isHopeless(error) || performance.now() - sentAt > LIMITS.logSettleMsMax) {
          onFault(error)
          break
        }
        await this.#pause(faults, error)
      }
    }
    // The topic may have been deleted, which no send says: look again.
    this.#isFound = false
    return undefined
  }

  #takeBatch(): ReadonlySet<Append> {
    const batch = new Set<Append>()
    let entries = 0
    let bytes = 0
    for (const append of this.#waiting) {
      entries += append.values.length
      bytes += append.bytes
      if (entries > LIMITS.appendEntriesMax || bytes > LIMITS.appendBatchBytesMax) break
      batch.add(append)
    }
    for (const append of batch) this.#leave(append)
    return batch
  }

  #leave(append: Append): void {
    this.#waiting.delete(append)
    this.#options.budget.giveBack(append.lane, append.bytes)
  }

  #expire(append: Append): void {
    if (this.#waiting.has(append)) {
      this.#leave(append)
      append.reject(new LogUnavailable('the log took no append in time; this one was not sent'))
    } else if (this.#sent.has(append)) {
      append.reject(new OutcomeUnknown('the log did not answer in time'))
    }
  }

  #refuseWaiting(error: Error): void {
    for (const append of [...this.#waiting]) {
      this.#leave(append)
      clearTimeout(append.deadline)
      append.reject(error)
    }
  }

  async #pause(faults: number, error: unknown): Promise<void> {
    if (faults === 0) this.#options.onFault(error)
    const ms = Math.min(100 * 2 ** faults, LIMITS.logRetryMsMax)
    await sleep(ms, undefined, { signal: this.#options.stopped }).catch(() => 'stopped')
  }
}

/** Answers after which the same batch can never be taken. */
const HOPELESS = {
  MESSAGE_TOO_LARGE: true,
  RECORD_LIST_TOO_LARGE: true,
  INVALID_RECORD: true,
  INVALID_TIMESTAMP: true,
  TOPIC_AUTHORIZATION_FAILED: true,
  CLUSTER_AUTHORIZATION_FAILED: true,
  OUT_OF_ORDER_SEQUENCE_NUMBER: true,
  DUPLICATE_SEQUENCE_NUMBER: true,
  UNKNOWN_PRODUCER_ID: true,
  INVALID_PRODUCER_EPOCH: true,
} as const

const isHopeless = (error: unknown): boolean => {
  for (let each = error; each instanceof Error; each = each.cause) {
    if ('type' in each && Object.hasOwn(HOPELESS, String(each.type))) return true
  }
  return false
}
