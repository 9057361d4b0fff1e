import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LogTails } from '#adapters/sqlite/log-tails.ts'
import { LIMITS } from '#core/limits.ts'
import type { LogEntry } from '#core/ports/message-log.ts'

/** What a topic that kept everything would give. */
const readWhole = (whole: readonly Uint8Array[], from: number, limit: number): LogEntry[] => {
  const entries: LogEntry[] = []
  let bytes = 0
  for (let offset = from; offset < whole.length && entries.length < limit; offset += 1) {
    const value = whole[offset] ?? new Uint8Array()
    bytes += value.length
    if (entries.length > 0 && bytes > LIMITS.readBytesMax) break
    entries.push({ offset, value })
  }
  return entries
}

const anAppend = fc.record({
  topic: fc.constantFrom('a', 'b', 'c'),
  count: fc.integer({ min: 10, max: 40 }),
  bytes: fc.constantFrom(1, 300, 100_000, 200_000),
})

test('what it gives is what the topics hold, whatever it has forgotten', () => {
  let given = 0
  let unknown = 0
  const property = fc.property(
    fc.array(anAppend, { minLength: 10, maxLength: 40 }),
    fc.nat({ max: 99 }),
    (appends, position) => {
      const tails = new LogTails()
      const topics = new Map<string, Uint8Array[]>()
      for (const [at, { topic, count, bytes }] of appends.entries()) {
        const whole = topics.get(topic) ?? []
        const values = Array.from({ length: count }, () => new Uint8Array(bytes).fill(at))
        tails.add(topic, whole.length, values)
        topics.set(topic, [...whole, ...values])
      }
      for (const [topic, whole] of topics) {
        for (const from of [Math.floor((whole.length * position) / 99), whole.length]) {
          const read = tails.read(topic, from, 30)
          if (read === null) unknown += 1
          else {
            given += 1
            expect(read.map(brief)).toEqual(readWhole(whole, from, 30).map(brief))
          }
        }
        expect(tails.read(topic, whole.length + 1, 1)).toBeNull()
      }
    },
  )
  fc.assert(property, { numRuns: 50 })
  expect(given).toBeGreaterThan(50)
  expect(unknown).toBeGreaterThan(10)
})

/** To compare megabytes byte by byte takes seconds. */
const brief = ({ offset, value }: LogEntry): string => `${offset} ${value.length} ${value[0]}`

test('it holds no more than its limit, and the newest', () => {
  const tails = new LogTails()
  const bytes = 100_000
  const many = Math.ceil(LIMITS.logTailsBytesMax / bytes) * 3
  for (let at = 0; at < many; at += 1) {
    tails.add(at % 2 === 0 ? 'even' : 'odd', at >> 1, [new Uint8Array(bytes).fill(at)])
  }
  const held = ['even', 'odd'].map((topic) => {
    let count = 0
    while (tails.read(topic, (many >> 1) - 1 - count, 1) !== null) count += 1
    return count
  })
  const heldBytes = held.reduce((sum, count) => sum + count * bytes, 0)
  expect(heldBytes).toBeLessThanOrEqual(LIMITS.logTailsBytesMax)
  expect(heldBytes).toBeGreaterThan(LIMITS.logTailsBytesMax * 0.9)
})

test('after entries that it has not seen it begins anew', () => {
  const tails = new LogTails()
  tails.add('a', 0, [Uint8Array.of(1)])
  tails.add('a', 5, [Uint8Array.of(2)])
  expect(tails.read('a', 0, 9)).toBeNull()
  expect(tails.read('a', 4, 9)).toBeNull()
  expect(tails.read('a', 5, 9)).toEqual([{ offset: 5, value: Uint8Array.of(2) }])
  tails.forgetAll()
  expect(tails.read('a', 5, 9)).toBeNull()
})

test('neither who appended nor who read can change what it gives next', () => {
  const tails = new LogTails()
  const value = Uint8Array.of(1)
  tails.add('a', 0, [value])
  value.fill(9)
  tails.read('a', 0, 1)?.[0]?.value.fill(9)
  expect(tails.read('a', 0, 1)).toEqual([{ offset: 0, value: Uint8Array.of(1) }])
})
