import {
  type Command,
  columns,
  EXIT,
  type ExitCode,
  helpOf,
  type Io,
  parseGiven,
  UsageError,
} from '#clients/cli/command.ts'
import { COMMANDS } from '#clients/cli/commands.ts'
import { failureOf } from '#clients/cli/failure.ts'

/** Runs one command line and gives its exit code. */
export const run = async (args: readonly string[], io: Io): Promise<ExitCode> => {
  const [name, ...rest] = args
  if (name === undefined || name === '--help' || name === 'help') {
    const asked = COMMANDS.find((command) => command.name === rest[0])
    io.out(asked === undefined ? overview() : helpOf(asked))
    return EXIT.ok
  }
  const command = COMMANDS.find((one) => one.name === name)
  if (command === undefined) {
    io.say(`rabta: there is no command «${name}»; «rabta --help» lists them\n`)
    return EXIT.usage
  }
  if (rest.includes('--help')) {
    io.out(helpOf(command))
    return EXIT.ok
  }
  return guarded(command, rest, io)
}

const guarded = async (command: Command, args: readonly string[], io: Io): Promise<ExitCode> => {
  try {
    return await command.run(parseGiven(command, args), io)
  } catch (error) {
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
    '«rabta COMMAND --help» says more of each.',
    '',
  ].join('\n')

/** The terminal, npm and the launcher may each pass on one Ctrl-C within this time. */
const SAME_SIGNAL_MS = 1_000

/** Aborts at the first signal to stop. One that comes later ends the process at once. */
const signalToStop = (): AbortSignal => {
  const stopping = new AbortController()
  let stoppedAtMs = Number.POSITIVE_INFINITY
  const onSignal = (): void => {
    if (performance.now() - stoppedAtMs > SAME_SIGNAL_MS) process.exit(INTERRUPTED)
    stoppedAtMs = Math.min(stoppedAtMs, performance.now())
    stopping.abort()
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal)
  return stopping.signal
}

/** As a shell says it of a program that Ctrl-C ended. */
const INTERRUPTED = 130

if (import.meta.main) {
  process.exitCode = await run(process.argv.slice(2), {
    out: (text) => process.stdout.write(text),
    say: (text) => process.stderr.write(text),
    isTerminal: process.stderr.isTTY ?? false,
    signal: signalToStop(),
  })
}
