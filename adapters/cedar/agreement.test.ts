import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { openCedarPolicy } from '#adapters/cedar/policy.ts'
import { readPolicyFolder } from '#adapters/cedar/policy-folder.ts'
import { decidedFor } from '#core/decision-rows.ts'
import { DENIAL_REASONS } from '#core/ports/policy.ts'
import { naiveReasons } from '#tests/naive-policy.ts'
import { randomPolicyRequest } from '#tests/random-policy-request.ts'

/** `RABTA_DECISIONS=1000000 vitest run adapters/cedar/agreement.test.ts` is the long run. */
const ASKED = process.env['RABTA_DECISIONS']
const RUNS = Number(ASKED ?? 20_000)
const SEED = Number(process.env['RABTA_SEED'] ?? Date.now() % 2 ** 31)

it(
  `agrees with a naive reading of the design on ${RUNS} random requests, seed ${SEED}`,
  async () => {
    const files = await readPolicyFolder(join(import.meta.dirname, '../../policy'))
    const policy = openCedarPolicy({ files })
    const alone = new Map<string, number>()
    let runs = 0
    const agree = fc.property(randomPolicyRequest, (asked) => {
      const reasons = naiveReasons(asked)
      const [only = 'allowed'] = reasons
      if (reasons.length <= 1) alone.set(only, (alone.get(only) ?? 0) + 1)
      runs += 1
      return (
        String(decidedFor(policy, asked)) === String(reasons.length === 0 ? 'allowed' : reasons)
      )
    })
    // Without a number asked for, it stops early on a busy machine. A failure prints its seed.
    const bound = ASKED === undefined ? { interruptAfterTimeLimit: 18_000 } : {}
    fc.assert(agree, { numRuns: RUNS, seed: SEED, ...bound })

    const share = (outcome: string): number => (alone.get(outcome) ?? 0) / runs
    const outcomes = ['allowed', ...DENIAL_REASONS.filter((reason) => reason !== 'policy-error')]
    const figures = outcomes.map((one) => `${one} ${(share(one) * 100).toFixed(1)} %`)
    process.stdout.write(`${runs} decisions, seed ${SEED}; alone: ${figures.join(', ')}\n`)
    // The property says little about an outcome that hardly ever comes up.
    expect(runs).toBeGreaterThan(Math.min(RUNS, 2_000) - 1)
    expect(share('allowed')).toBeGreaterThanOrEqual(0.25)
    // Of a run that was cut short, chance may show a little less.
    const least = runs < 10_000 ? 0.005 : 0.01
    for (const one of outcomes) expect(share(one), one).toBeGreaterThanOrEqual(least)
  },
  ASKED === undefined ? 60_000 : 7_200_000,
)
