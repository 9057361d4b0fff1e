import { type Command, EXIT, type Given } from '#clients/cli/command.ts'
import { flag, HUB_OPTIONS, optionalText } from '#clients/cli/identity.ts'
import {
  readFederationIfThere,
  type SeenSetting,
  seenSettings,
  strangeSettings,
  wholeFault,
} from '#clients/cli/seen-settings.ts'
import { table } from '#clients/cli/table.ts'
import { isReader, READERS } from '#core/setting.ts'

const { home, as, realm, gateway, audit, json } = HUB_OPTIONS

export const configCommand: Command = {
  name: 'config',
  summary: 'Every setting: what it is, where that comes from, what it means and may be.',
  words: `[${READERS.join(' | ')}]`,
  firstWords: READERS,
  wordsMin: 0,
  wordsMax: 1,
  options: {
    explain: { type: 'boolean', help: 'Also what each means, and what it may be.' },
    ...{ home, as, realm, gateway, audit, json },
  },
  examples: ['rabta config', 'rabta config gateway --explain', 'rabta config cli --json'],
  run: async (given, io) => {
    const reader = given.words[0]
    const readers = reader !== undefined && isReader(reader) ? [reader] : READERS
    const seen = seenSettings(given.env, flagsOf(given), readers)
    const file = await readFederationIfThere(homeOf(seen))
    const strangers = strangeSettings(given.env)
    // Whether the settings of one fit together can be said only where it is said of whom.
    const [only] = readers
    const fault = readers.length === 1 && only ? wholeFault(only, given.env) : null
    if (flag(given, 'json')) {
      const shown = { settings: seen, federation: file, unknown: strangers, fault }
      io.out(`${JSON.stringify(shown, null, 2)}\n`)
    } else {
      io.out(flag(given, 'explain') ? explained(seen) : `${asTable(seen)}\n`)
      if (file !== null) io.out(`\nfrom ${file.path}\n${table(['', ''], file.values)}\n`)
    }
    for (const line of strangers) io.say(`warning: ${line}\n`)
    for (const { name, fault: why } of seen) if (why !== null) io.say(`${name} ${why}\n`)
    if (fault !== null) io.say(`${fault}\n`)
    return fault !== null || seen.some((one) => one.fault !== null) ? EXIT.usage : EXIT.ok
  },
}

/** The settings that this command line overrides. */
const flagsOf = (given: Given): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(configCommand.options).flatMap(([name, { setting }]) => {
      const value = optionalText(given, name)
      const isGiven = setting !== undefined && given.sources[name] === 'flag'
      return isGiven && value !== undefined ? [[setting, value]] : []
    }),
  )

const homeOf = (seen: readonly SeenSetting[]): string =>
  seen.find(({ name, value }) => name === 'RABTA_HOME' && value !== null)?.value ?? './data'

const asTable = (seen: readonly SeenSetting[]): string =>
  table(
    ['setting', 'value', 'from', 'read by'],
    seen.map(({ name, value, source, readers }) => [
      name,
      value ?? (source === 'missing' ? '(must be set)' : '(none)'),
      source,
      readers.join(' '),
    ]),
  )

const explained = (seen: readonly SeenSetting[]): string =>
  seen
    .map(({ name, value, source, readers, means, limits }) =>
      [
        `${name} = ${value ?? '(none)'}    from: ${source}`,
        `  ${means.replaceAll('`', '')}`,
        `  must be ${limits}; read by ${readers.join(', ')}`,
        '',
      ].join('\n'),
    )
    .join('\n')
