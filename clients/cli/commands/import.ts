import { type Command, UsageError } from '#clients/cli/command.ts'
import { flag, HUB_OPTIONS, optionalText, realmOf, text } from '#clients/cli/identity.ts'
import { importFile } from '#clients/cli/import/import-file.ts'

const { home, realm, gateway, json } = HUB_OPTIONS

export const importCommand: Command = {
  name: 'import',
  summary: 'Publish an alert of every row of a file of incidents; run again, it goes on.',
  words: 'FILE.csv',
  wordsMin: 1,
  wordsMax: 1,
  options: {
    home,
    realm,
    gateway,
    limit: { type: 'string', value: 'N', help: 'The first N rows only.' },
    'dry-run': { type: 'boolean', help: 'Check the file, show what would be sent; ask no hub.' },
    json,
    quiet: { type: 'boolean', help: 'No progress.' },
  },
  examples: [
    'rabta import incidents.csv --dry-run',
    'rabta import incidents.csv --realm exercise --limit 100',
  ],
  run: (given, io) => {
    const said = optionalText(given, 'limit')
    const limit = said === undefined ? null : Number(said)
    if (limit !== null && !(Number.isSafeInteger(limit) && limit > 0)) {
      throw new UsageError('--limit must be a whole number from 1')
    }
    return importFile(
      {
        file: given.words[0] ?? '',
        home: text(given, 'home'),
        gatewayUrl: text(given, 'gateway'),
        realm: realmOf(given),
        limit,
        isDryRun: flag(given, 'dry-run'),
        isJson: flag(given, 'json'),
        isQuiet: flag(given, 'quiet'),
      },
      io,
    )
  },
}
