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

if (import.meta.main) {
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => stopping.abort())
  }
  process.exitCode = await run(process.argv.slice(2), {
    out: (text) => process.stdout.write(text),
    say: (text) => process.stderr.write(text),
    isTerminal: process.stderr.isTTY ?? false,
    signal: stopping.signal,
  })
}
