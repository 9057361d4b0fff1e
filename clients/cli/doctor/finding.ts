import { EXIT, type ExitCode } from '#clients/cli/command.ts'
import { failureOf } from '#clients/cli/failure.ts'

/** What one check came to. */
export interface Finding {
  readonly check: string
  readonly state: 'ok' | 'warn' | 'fail' | 'skip'
  readonly what: string
  /** What to do; null where there is nothing to do. */
  readonly remedy: string | null
  /** What the command ends with if nothing worse was found. */
  readonly exit: ExitCode
}

export const ok = (check: string, what: string): Finding => found(check, 'ok', what, null)
export const skip = (check: string, what: string): Finding => found(check, 'skip', what, null)
export const warn = (check: string, what: string, remedy: string): Finding =>
  found(check, 'warn', what, remedy)
export const fail = (
  check: string,
  what: string,
  remedy: string,
  exit: ExitCode = EXIT.notAll,
): Finding => ({ check, state: 'fail', what, remedy, exit })

const found = (
  check: string,
  state: Finding['state'],
  what: string,
  remedy: string | null,
): Finding => ({ check, state, what, remedy, exit: EXIT.ok })

/** What a check finds, or that it failed and with what. Another check goes on. */
export const attempted = async (
  check: string,
  remedy: string,
  look: () => Promise<Finding>,
): Promise<Finding> => {
  try {
    return await look()
  } catch (error) {
    const { text, exit } = failureOf(error)
    const [first = ''] = text.split('\n')
    return fail(check, first, REMEDIES[exit] ?? remedy, exit)
  }
}

/** By what went wrong, before by what was looked at. */
const REMEDIES: Readonly<Partial<Record<ExitCode, string>>> = {
  [EXIT.unreachable]: 'is the hub running, and is --gateway (--audit) its address?',
  [EXIT.unverified]: 'believe nothing of this hub; keep what it gave and tell the other members',
}

/** The worst of them. */
export const exitOf = (findings: readonly Finding[]): ExitCode =>
  findings.map(({ exit }) => exit).toSorted((a, b) => b - a)[0] ?? EXIT.ok
