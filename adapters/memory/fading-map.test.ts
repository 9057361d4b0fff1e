import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FadingMap } from '#adapters/memory/fading-map.ts'

test('holds a moment until it has passed', () => {
  const map = new FadingMap(10)
  map.set('a', 100, 0)
  expect(map.get('a', 99)).toBe(100)
  expect(map.get('a', 100)).toBeNull()
  expect(map.get('b', 0)).toBeNull()
})

test('never holds more than it may, whatever is set', () => {
  const sets = fc.array(fc.tuple(fc.string({ maxLength: 2 }), fc.nat(100)), { maxLength: 200 })
  fc.assert(
    fc.property(sets, fc.integer({ min: 1, max: 10 }), (entries, entriesMax) => {
      const map = new FadingMap(entriesMax)
      for (const [nowMs, [name, lifeMs]] of entries.entries()) {
        map.set(name, nowMs + lifeMs + 1, nowMs)
        expect(map.size).toBeLessThanOrEqual(entriesMax)
        expect(map.get(name, nowMs)).toBe(nowMs + lifeMs + 1)
      }
    }),
  )
})

test('sweeps out what has faded, also behind what has not', () => {
  const map = new FadingMap(1_000)
  map.set('lasting', 1e9, 0)
  for (let nowMs = 0; nowMs < 10_000; nowMs += 1) {
    map.set(`${nowMs}`, nowMs + 10, nowMs)
    // Ten are alive at a time; the sweep is as far behind as it takes to come round.
    expect(map.size).toBeLessThan(50)
  }
  expect(map.get('lasting', 10_000)).toBe(1e9)
})

test('of those it holds, always loses the one that was set longest ago', () => {
  const names = fc.array(fc.constantFrom(...'abcdefgh'), { maxLength: 60 })
  fc.assert(
    fc.property(names, fc.integer({ min: 1, max: 4 }), (sets, entriesMax) => {
      const map = new FadingMap(entriesMax)
      let held: string[] = []
      for (const name of sets) {
        map.set(name, 1, 0)
        held = [...held.filter((one) => one !== name), name].slice(-entriesMax)
        expect([...'abcdefgh'].filter((one) => map.get(one, 0) !== null)).toEqual(held.toSorted())
      }
    }),
  )
})

test('a flood costs little more when it is full than while it fills', () => {
  const map = new FadingMap(100_000)
  const msOfSetting = (from: number, to: number): number => {
    const startMs = performance.now()
    for (let name = from; name < to; name += 1) map.set(`${name}`, 1, 0)
    return performance.now() - startMs
  }
  const fillingMs = msOfSetting(0, 100_000)
  // Looking for the oldest from the beginning each time costs about fifty times as much.
  expect(msOfSetting(100_000, 300_000)).toBeLessThan(10 * fillingMs)
})

test('tells that it lost what would still be held, until that would have faded', () => {
  const map = new FadingMap(1)
  map.set('a', 100, 0)
  map.set('b', 50, 0)
  expect(map.hasLost(99)).toBe(true)
  expect(map.hasLost(100)).toBe(false)
  expect(map.get('a', 0)).toBeNull()
  expect(map.get('b', 0)).toBe(50)
})
