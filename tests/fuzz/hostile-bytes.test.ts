import { describe, expect, test } from 'vitest'
import { bytesOf, readCases } from '#tests/fuzz/cases.ts'
import { run, whyNot } from '#tests/fuzz/run.ts'
import { TARGETS } from '#tests/fuzz/targets.ts'

/** A few thousand of what `npm run fuzz` makes millions of. */
const INPUTS = 2_000
const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31)

describe(`hostile bytes (FUZZ_SEED=${seed} plays them again)`, () => {
  test.each(TARGETS.map((target) => [target.name, target] as const))('%s', async (_, target) => {
    const { findings, pastShare } = await run(target, { inputs: INPUTS, seed })
    expect(findings).toEqual([])
    // An oracle that never sees an accepted input holds for a reader that refuses everything.
    expect(pastShare).toBeGreaterThan(0.03)
  })
})

describe('inputs that were kept', () => {
  const cases = readCases()

  test('are there', () => expect(cases.length).toBeGreaterThan(10))

  test.each(cases.map((one) => [one.target, one.about, one] as const))(
    '%s: %s',
    async (name, _, one) => {
      const target = TARGETS.find((each) => each.name === name)
      if (target === undefined) throw new Error(`there is no target ${name}`)
      const bytes = bytesOf(one)
      expect(await whyNot(target, bytes)).toBe(null)
      expect(await target.take(bytes)).toBe(one.must)
    },
  )
})
