import { expect } from 'vitest'
import type { LogEntry, MessageLog } from '#core/ports/message-log.ts'

/** The log under test and what can be done around it. */
export interface Subject {
  readonly log: () => MessageLog
  readonly reopen: () => Promise<MessageLog>
  readonly newTopic: () => Promise<string>
  readonly unknownTopic: () => string
  readonly loseBefore: (topic: string, offset: number) => Promise<void>
}

export const never = (): AbortSignal => new AbortController().signal

export const readAll = async (log: MessageLog, topic: string, from = 0): Promise<LogEntry[]> => {
  const entries: LogEntry[] = []
  for (;;) {
    const more = await log.read(topic, from + entries.length, 1_000)
    if (more.length === 0) return entries
    entries.push(...more)
    expect(entries.at(-1)?.offset).toBe(from + entries.length - 1)
  }
}

/** What is followed, until there are `count` entries of it or it ends. */
export const take = async (
  batches: AsyncIterable<readonly LogEntry[]>,
  count: number,
): Promise<LogEntry[]> => {
  const entries: LogEntry[] = []
  for await (const batch of batches) {
    expect(batch.length).toBeGreaterThan(0)
    entries.push(...batch)
    if (entries.length >= count) break
  }
  return entries
}

export const texts = (entries: readonly LogEntry[]): string[] =>
  entries.map(({ offset, value }) => `${offset} ${new TextDecoder().decode(value)}`)

/** Compares with `Buffer`, because a deep comparison of megabytes takes seconds. */
export const expectSame = (entries: readonly LogEntry[], values: readonly Uint8Array[]): void => {
  expect(entries.length).toBe(values.length)
  const differs = entries.findIndex(
    ({ value }, index) => Buffer.compare(value, values[index] ?? new Uint8Array()) !== 0,
  )
  expect(differs).toBe(-1)
}
