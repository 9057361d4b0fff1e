import { styleText } from 'node:util'
import type { Environment } from '#core/setting.ts'
import type { SettingName } from '#core/settings.ts'

/** What a command can end with; `docs/cli.md` lists them. */
export const EXIT = {
  ok: 0,
  /** Done, but something is not as it should be: refused rows, problems found. */
  notAll: 1,
  /** The command line, a setting or a file of the user's is wrong. */
  usage: 2,
  /** The hub said no. */
  refused: 3,
  /** The hub gave no answer, or one that cannot be used. */
  unreachable: 4,
  /** Something did not verify: a forged item, a forked log, a damaged receipt. */
  unverified: 5,
  /** Stopped by Ctrl-C before it was done. */
  stopped: 130,
  /** Stopped because nobody reads its output any more. */
  unread: 141,
} as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export interface Io {
  /** To standard output: what was asked for. */
  readonly out: (text: string) => void
  /** To standard error: what is going on. */
  readonly say: (text: string) => void
  readonly isTerminal: boolean
  /** Aborts at SIGINT and SIGTERM. */
  readonly signal: AbortSignal
}

export interface Option {
  readonly type: 'string' | 'boolean'
  /** What stands for the value in the help. */
  readonly value?: string
  readonly help: string
  readonly default?: string
  /** What counts where the option is not given. */
  readonly setting?: SettingName
  /** The values of a closed set. */
  readonly oneOf?: readonly string[]
  /** Several values, by commas. */
  readonly isList?: boolean
}

export type Source = 'flag' | 'environment' | 'default'

export interface Given {
  readonly words: readonly string[]
  readonly options: Readonly<Record<string, string | boolean | undefined>>
  /** Where the value of each option comes from. */
  readonly sources: Readonly<Record<string, Source>>
  readonly env: Environment
  /** Aborts when the user stops the command. */
  readonly signal: AbortSignal
}

export interface Command {
  readonly name: string
  readonly summary: string
  /** The words behind the name, for the help: `ORIGIN/ID`. */
  readonly words: string
  /** What the first word must be one of, where it says what to do. */
  readonly firstWords?: readonly string[]
  readonly wordsMin: number
  readonly wordsMax: number
  readonly options: Readonly<Record<string, Option>>
  readonly examples: readonly string[]
  run(given: Given, io: Io): Promise<ExitCode>
}

/** The user's own mistake: said in one line, with the way to the help. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export const helpOf = (command: Command): string => {
  const words = command.words === '' ? '' : ` ${command.words}`
  const rows = Object.entries(command.options).map(([name, option]) => {
    const value = option.type === 'string' ? ` ${option.value ?? 'TEXT'}` : ''
    const otherwise = [
      ...(option.setting === undefined ? [] : [`else ${option.setting}`]),
      ...(option.default === undefined ? [] : [`default: ${option.default}`]),
    ].join('; ')
    return [`--${name}${value}`, `${option.help}${otherwise && ` (${otherwise})`}`] as const
  })
  const lines = [...rows, ['--help', 'Show this.'] as const]
  return [
    `rabta ${command.name}${words}`,
    '',
    command.summary,
    '',
    'Options',
    ...columns(lines),
    '',
    'Examples',
    ...command.examples.map((example) => `  ${example}`),
    '',
  ].join('\n')
}

/** Pairs as two columns, indented. */
export const columns = (rows: readonly (readonly [string, string])[]): readonly string[] => {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)
}

/** A heading for people; plain where the output is no terminal or NO_COLOR is set. */
export const heading = (text: string): string =>
  styleText('bold', text, { stream: process.stdout, validateStream: true })
