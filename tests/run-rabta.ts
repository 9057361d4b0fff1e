import { run } from '#clients/cli/main.ts'
import type { Environment } from '#core/setting.ts'

export interface RabtaEnded {
  readonly exit: number
  /** What it printed on standard output, and on standard error. */
  readonly out: string
  readonly err: string
}

/** Runs the command in this process, as its main does, to its end. */
export const runRabta = async (
  args: readonly string[],
  how: { readonly signal?: AbortSignal; readonly env?: Environment } = {},
): Promise<RabtaEnded> => {
  const told = { out: '', err: '' }
  const io = {
    out: (text: string) => {
      told.out += text
    },
    say: (text: string) => {
      told.err += text
    },
    isTerminal: false,
    signal: how.signal ?? new AbortController().signal,
  }
  return { exit: await run(args, io, how.env), ...told }
}
