import { expect, test } from 'vitest'
import { Turns } from '#services/gateway/turns.ts'

const passing = () => new Promise((resolve) => setImmediate(resolve))

test('so many go on at once, the others in the order in which they came', async () => {
  const turns = new Turns(2)
  const begun: number[] = []
  const ends = [0, 1, 2, 3].map(() => Promise.withResolvers<void>())
  const all = ends.map(({ promise }, at) =>
    turns.take(async () => {
      begun.push(at)
      await promise
      return at
    }),
  )
  await passing()
  expect(begun).toEqual([0, 1])
  ends[1]?.resolve()
  await passing()
  expect(begun).toEqual([0, 1, 2])
  for (const { resolve } of ends) resolve()
  expect(await Promise.all(all)).toEqual([0, 1, 2, 3])
})

test('work that fails gives its turn back', async () => {
  const turns = new Turns(1)
  const failing = turns.take(async () => {
    throw new Error('failed')
  })
  const next = turns.take(async () => 'done')
  await expect(failing).rejects.toThrow('failed')
  expect(await next).toBe('done')
})
