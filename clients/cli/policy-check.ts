import { openCedarPolicy } from '#adapters/cedar/policy.ts'
import { readPolicyFolder } from '#adapters/cedar/policy-folder.ts'
import { withoutEachRule } from '#adapters/cedar/without-rule.ts'
import type { Io } from '#clients/cli/command.ts'
import { Progress } from '#clients/cli/progress.ts'
import { hex } from '#core/bytes.ts'
import { type DecisionRow, decidedFor, rowsAgainst } from '#core/decision-rows.ts'
import type { DenialReason, Policy } from '#core/ports/policy.ts'

export interface PolicyCheck {
  readonly digest: string
  readonly rules: number
  readonly rows: number
  /** Rows that it decides otherwise than they say. */
  readonly failed: readonly {
    readonly why: string
    readonly expected: 'allowed' | readonly DenialReason[]
    readonly decided: 'allowed' | readonly DenialReason[]
  }[]
  /** Rules that no row needs: taken out, all rows are decided as before. */
  readonly unneeded: readonly string[]
}

/**
 * Holds the policy of a folder against rows that were decided by hand, and the rows against the
 * policy. Rejects with `PolicyInvalid` when the folder holds no policy that Cedar validates.
 */
export const checkPolicy = async (
  folder: string,
  rows: readonly DecisionRow[],
  io: Io | null,
): Promise<PolicyCheck> => {
  const files = await readPolicyFolder(folder)
  const policy = openCedarPolicy({ files })
  const failed = rowsAgainst(policy, rows).map(({ why, expected, request }) => {
    return { why, expected, decided: decidedFor(policy, request) }
  })
  const alterations = withoutEachRule(files)
  const progress = io && new Progress(io, 'taking out each rule')
  const unneeded: string[] = []
  alterations.forEach((one, done) => {
    if (isSameWithout(one.files, policy, rows)) unneeded.push(one.removed)
    progress?.set(done + 1, alterations.length)
  })
  progress?.end()
  const { digest } = policy
  return { digest: hex(digest), rules: alterations.length, rows: rows.length, failed, unneeded }
}

const isSameWithout = (
  files: Readonly<Record<string, string>>,
  policy: Policy,
  rows: readonly DecisionRow[],
): boolean => {
  const less = openCedarPolicy({ files })
  return rows.every(
    ({ request }) => String(decidedFor(less, request)) === String(decidedFor(policy, request)),
  )
}
