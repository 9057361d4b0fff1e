import fc from 'fast-check'
import { expect, test } from 'vitest'
import { appendInRuns } from '#core/append-in-runs.ts'
import { LIMITS } from '#core/limits.ts'
import { appendBytes } from '#core/ports/message-log.ts'

const appended = async (entries: readonly Uint8Array[]): Promise<readonly Uint8Array[][]> => {
  const runs: Uint8Array[][] = []
  const append = async (_topic: string, run: readonly Uint8Array[]) => {
    appendBytes(run)
    runs.push([...run])
    return run.map((_, at) => at)
  }
  await appendInRuns({ append }, 'any', entries)
  return runs
}

test('every run may be appended, and together they are the entries in their order', async () => {
  const zeros = new Uint8Array(LIMITS.entryBytesMax)
  const sizes = fc.array(fc.integer({ min: 1, max: LIMITS.entryBytesMax }), { maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(sizes, async (lengths) => {
      const entries = lengths.map((length) => zeros.subarray(0, length))
      const runs = (await appended(entries)).flat()
      expect(runs.map(({ length }) => length)).toEqual(lengths)
    }),
    { numRuns: 50 },
  )
})

test('small entries are counted, too', async () => {
  const entries = Array.from({ length: LIMITS.appendEntriesMax + 1 }, () => Uint8Array.of(1))
  expect((await appended(entries)).map((run) => run.length)).toEqual([LIMITS.appendEntriesMax, 1])
})

test('nothing is no append', async () => {
  expect(await appended([])).toEqual([])
})
