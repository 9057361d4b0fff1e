import { describe, expect, test } from 'vitest'
import { FaultyMessageLog } from '#adapters/memory/faulty-message-log.ts'
import { type MemoryStore, openMemoryLog } from '#adapters/memory/message-log.ts'
import { utf8 } from '#core/bytes.ts'
import { LogUnavailable, OutcomeUnknown } from '#core/ports/message-log.ts'
import { messageLogContract } from '#tests/contracts/message-log.ts'

messageLogContract(
  'a faulty log without a fault',
  async () => {
    const store: MemoryStore = new Map()
    let topics = 0
    return {
      open: async () => new FaultyMessageLog(openMemoryLog(store)),
      uniqueTopic: () => `topic-${topics++}`,
      loseBefore: async (topic, offset) => {
        store.get(topic)?.fill(undefined, 0, offset)
      },
      dispose: async () => store.clear(),
    }
  },
  { appendsWait: false },
)

describe('a faulty log', () => {
  const openFaulty = async (): Promise<FaultyMessageLog> => {
    const log = new FaultyMessageLog(openMemoryLog(new Map()))
    await log.ensureTopics(['t', 'other'])
    return log
  }

  test('loses the append it was told to lose, and no other', async () => {
    const log = await openFaulty()
    log.onAppend('t', 2, { kind: 'not-written' })
    expect(await log.append('t', [utf8('a')])).toEqual([0])
    expect(await log.append('other', [utf8('a')])).toEqual([0])
    expect(await log.append('other', [utf8('b')])).toEqual([1])
    await expect(log.append('t', [utf8('b')])).rejects.toThrow(LogUnavailable)
    expect(await log.head('t')).toBe(1)
    expect(await log.append('t', [utf8('c')])).toEqual([1])
    expect(log.calls('t')).toBe(3)
  })

  test('leaves the caller in doubt, whether the entry is there or not', async () => {
    const log = await openFaulty()
    log.onNextAppend('t', { kind: 'written-but-unknown' })
    await expect(log.append('t', [utf8('a')])).rejects.toThrow(OutcomeUnknown)
    expect(await log.head('t')).toBe(1)
    log.onNextAppend('t', { kind: 'not-written-and-unknown' })
    await expect(log.append('t', [utf8('b')])).rejects.toThrow(OutcomeUnknown)
    expect(await log.head('t')).toBe(1)
  })

  test('holds up an append and, to keep the order, all behind it in its topic', async () => {
    const log = await openFaulty()
    const { promise: until, resolve: release } = Promise.withResolvers<void>()
    log.onNextAppend('t', { kind: 'delayed', until })
    const appends = [log.append('t', [utf8('a')]), log.append('t', [utf8('b')])]
    expect(await log.append('other', [utf8('c')])).toEqual([0])
    expect(await log.head('t')).toBe(0)
    release()
    expect(await Promise.all(appends)).toEqual([[0], [1]])
  })

  test('waits for what is held up before it closes', async () => {
    const log = await openFaulty()
    const { promise: until, resolve: release } = Promise.withResolvers<void>()
    log.onNextAppend('t', { kind: 'delayed', until })
    const append = log.append('t', [utf8('a')])
    const closed = log.close()
    release()
    expect(await append).toEqual([0])
    await closed
  })
})
