import { expect, test } from 'vitest'
import { TwoGenerations } from '#core/two-generations.ts'

test('what weighs more than fits is forgotten, the oldest first, and the newest half is there', () => {
  const memory = new TwoGenerations<number>(100)
  for (let at = 0; at < 60; at += 1) memory.set(`${at}`, at, 5)
  const known = Array.from({ length: 60 }, (_, at) => at).filter(
    (at) => memory.get(`${at}`) !== undefined,
  )
  expect(known.length * 5).toBeLessThanOrEqual(100)
  expect(known.length * 5).toBeGreaterThanOrEqual(50)
  expect(known).toEqual(known.map((_, at) => 60 - known.length + at))
})

test('what weighs more than a generation is not kept, and pushes nothing out', () => {
  const memory = new TwoGenerations<number>(100)
  memory.set('small', 1)
  memory.set('huge', 2, 51)
  expect(memory.get('huge')).toBeUndefined()
  expect(memory.get('small')).toBe(1)
})
