import { makeBackup } from '#clients/cli/backup/make-backup.ts'
import { type Command, EXIT } from '#clients/cli/command.ts'
import { timeText } from '#clients/cli/directory-words.ts'
import { flag, text } from '#clients/cli/identity.ts'

export const backupCommand: Command = {
  name: 'backup',
  summary: 'Copy a home’s log, verified, into a new folder; the hub may go on beside it.',
  words: 'DIR',
  wordsMin: 1,
  wordsMax: 1,
  options: {
    home: {
      type: 'string',
      value: 'DIR',
      help: 'The hub’s home.',
      default: './data',
      setting: 'RABTA_HOME',
    },
    'with-keys': {
      type: 'boolean',
      help: 'Also the hub’s keys: who has the backup can then read all content and sign the log.',
    },
    json: { type: 'boolean', help: 'Print the manifest.' },
    quiet: { type: 'boolean', help: 'No progress.' },
  },
  examples: [
    'rabta backup /backup/rabta-monday --home /srv/rabta',
    'rabta backup /safe/rabta-with-keys --home /srv/rabta --with-keys --json',
  ],
  run: async (given, io) => {
    const [folder = ''] = given.words
    const withKeys = flag(given, 'with-keys')
    const shown = flag(given, 'quiet') ? null : io
    const options = { withKeys, nowMs: Date.now(), io: shown }
    const manifest = await makeBackup(text(given, 'home'), folder, options)
    const { accessSize, directorySize, checkpoint, files } = manifest
    if (flag(given, 'json')) io.out(`${JSON.stringify(manifest, null, 2)}\n`)
    else {
      const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
      const [, size] = checkpoint.split('\n')
      io.out(
        [
          `Backed up ${manifest.logName} into ${folder}, at ${timeText(manifest.madeAtMs)}`,
          `  ${accessSize} access records, ${directorySize} directory entries, ${bytes} bytes`,
          `  verified under the checkpoint of size ${size}`,
          '',
        ].join('\n'),
      )
    }
    if (withKeys) {
      io.say('it holds the hub’s private keys and those of all content: keep it as you keep them\n')
    }
    return EXIT.ok
  },
}
