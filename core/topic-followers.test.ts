import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '#adapters/crypto/clock.ts'
import { openMemoryLog } from '#adapters/memory/message-log.ts'
import type { LogEntry, MessageLog } from '#core/ports/message-log.ts'
import { TopicBlocked, TopicFollowers, type TopicView } from '#core/topic-followers.ts'

const TOPIC = 'live.intake.PK-KP'
const BLOCKING = 0xff
const entry = (byte: number) => Uint8Array.of(byte)

/** Keeps first bytes; stops at one that blocks. */
class FirstBytes implements TopicView {
  readonly topics = [TOPIC]
  readonly taken: number[] = []

  nextOffset(): number {
    return this.taken.length
  }

  async take(_topic: string, entries: readonly LogEntry[]): Promise<void> {
    const blocking = entries.find(({ value }) => value[0] === BLOCKING)
    if (blocking) throw new TopicBlocked('blocked', blocking.offset)
    this.taken.push(...entries.map(({ value }) => value[0] ?? 0))
  }
}

let log: MessageLog
let view: FirstBytes
let followers: TopicFollowers

beforeEach(async () => {
  log = openMemoryLog()
  await log.ensureTopics([TOPIC])
  view = new FirstBytes()
  followers = new TopicFollowers(view, { log, clock: systemClock, onTrouble: () => undefined })
})
afterEach(async () => {
  await followers.stop()
  await log.close()
})

describe('an entry that blocks', () => {
  test('holds back nothing that came before it', async () => {
    await log.append(TOPIC, [1, 2, BLOCKING, 4].map(entry))
    followers.start()
    await followers.caughtUp()
    expect(view.taken).toEqual([1, 2])
    expect(followers.trouble().get(TOPIC)).toContain('blocked')
  })

  test('is passed by nobody, whoever began to wait and when', async () => {
    const early = expect(followers.passed(TOPIC, 1)).rejects.toThrow('has not passed')
    await log.append(TOPIC, [1, BLOCKING].map(entry))
    followers.start()
    await early
    await expect(followers.passed(TOPIC, 1)).rejects.toThrow('has not passed')
    await followers.passed(TOPIC, 0)
  })
})

test('whoever waits for what does not come stops with its signal', async () => {
  followers.start()
  const deadline = new AbortController()
  const waiting = expect(followers.passed(TOPIC, 0, deadline.signal)).rejects.toThrow('not passed')
  deadline.abort()
  await waiting
})

test('what waits when following ends is not told that it has passed', async () => {
  followers.start()
  const waiting = expect(followers.passed(TOPIC, 0)).rejects.toThrow('has not passed')
  await followers.stop()
  await waiting
})

describe('who wants to hear of news', () => {
  test('is told when something was applied, also before an entry that blocks', async () => {
    const told: number[] = []
    const unsubscribe = followers.onApplied(() => told.push(view.taken.length))
    await log.append(TOPIC, [1, 2, BLOCKING].map(entry))
    followers.start()
    await followers.caughtUp()
    expect(told).toContain(2)
    unsubscribe()
    const { length } = told
    await followers.stop()
    expect(told).toHaveLength(length)
  })
})
