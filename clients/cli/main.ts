import { readFileSync } from 'node:fs'
import {
  type Command,
  columns,
  EXIT,
  type ExitCode,
  helpOf,
  type Io,
  UsageError,
} from '#clients/cli/command.ts'
import { COMMANDS } from '#clients/cli/commands.ts'
import { didYouMean } from '#clients/cli/did-you-mean.ts'
import { failureOf } from '#clients/cli/failure.ts'
import { parseGiven } from '#clients/cli/parse-given.ts'
import type { Environment } from '#core/setting.ts'

/** Runs one command line and gives its exit code. */
export const run = async (
  args: readonly string[],
  io: Io,
  env: Environment = {},
): Promise<ExitCode> => {
  const [name, ...rest] = args
  if (name === '--version') {
    io.out(`rabta ${version()}\n`)
    return EXIT.ok
  }
  const isHelp = name === undefined || HELP.includes(name) || name === 'help'
  if (isHelp && rest[0] === undefined) {
    io.out(overview())
    return EXIT.ok
  }
  const asked = isHelp ? rest[0] : name
  const command = COMMANDS.find((one) => one.name === asked)
  if (command === undefined) {
    const known = COMMANDS.map((one) => one.name)
    io.say(`rabta: there is no command «${asked}»${didYouMean(asked ?? '', known)}\n`)
    io.say('«rabta --help» lists them\n')
    return EXIT.usage
  }
  if (isHelp || rest.some((word) => HELP.includes(word))) {
    io.out(helpOf(command))
    return EXIT.ok
  }
  return guarded(command, rest, { io, env })
}

const HELP: readonly string[] = ['--help', '-h']

const guarded = async (
  command: Command,
  args: readonly string[],
  { io, env }: { readonly io: Io; readonly env: Environment },
): Promise<ExitCode> => {
  try {
    return await command.run(parseGiven(command, args, { env, signal: io.signal }), io)
  } catch (error) {
    // Whatever it failed with is what became of being stopped.
    if (io.signal.aborted) {
      io.say(`rabta ${command.name}: stopped\n`)
      return EXIT.stopped
    }
    const { text, exit } = failureOf(error)
    io.say(`rabta ${command.name}: ${text}\n`)
    if (error instanceof UsageError) io.say(`«rabta ${command.name} --help» says more\n`)
    return exit
  }
}

const overview = (): string =>
  [
    'rabta COMMAND: an inter-provincial hub for alerts, whose every reading is on record',
    '',
    ...columns(COMMANDS.map(({ name, summary }) => [name, summary])),
    '',
    '«rabta COMMAND --help» says more of each, with examples; «rabta --version» which this is.',
    '',
  ].join('\n')

const version = (): string => {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  const file: { readonly version: string } = JSON.parse(text)
  return file.version
}

/** The terminal, npm and the launcher may each pass on one Ctrl-C within this time. */
const SAME_SIGNAL_MS = 1_000

/** Aborts at the first signal to stop. One that comes later ends the process at once. */
const stopBySignals = (stopping: AbortController): void => {
  let stoppedAtMs = Number.POSITIVE_INFINITY
  const onSignal = (): void => {
    if (performance.now() - stoppedAtMs > SAME_SIGNAL_MS) process.exit(EXIT.stopped)
    stoppedAtMs = Math.min(stoppedAtMs, performance.now())
    stopping.abort()
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal)
}

/**
 * Stops, and writes no more, once nobody reads what is written: `rabta feed --all | head`. Ends as
 * a program that was stopped by it, so that a shell with `pipefail` can tell.
 */
const stopUnread = (stream: NodeJS.WriteStream, onUnread: () => void): ((text: string) => void) => {
  let isRead = true
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    isRead = false
    onUnread()
  })
  return (text) => {
    if (isRead) stream.write(text)
  }
}

if (import.meta.main) {
  const stopping = new AbortController()
  stopBySignals(stopping)
  let isUnread = false
  const io: Io = {
    out: stopUnread(process.stdout, () => {
      isUnread = true
      process.exitCode = EXIT.unread
      stopping.abort()
    }),
    say: stopUnread(process.stderr, () => undefined),
    isTerminal: process.stderr.isTTY ?? false,
    signal: stopping.signal,
  }
  const exit = await run(process.argv.slice(2), io, process.env)
  if (!isUnread) process.exitCode = exit
}
