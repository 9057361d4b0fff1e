import { sha256 } from '#adapters/crypto/sha256.ts'
import type { NewLog } from '#clients/cli/backup/new-log.ts'
import { readBackup } from '#clients/cli/backup/read-backup.ts'
import { type Restored, restoreHome } from '#clients/cli/backup/restore-home.ts'
import { checkpointFiles } from '#clients/cli/backup/vouching.ts'
import { type Command, EXIT, type Given, UsageError } from '#clients/cli/command.ts'
import { timeText } from '#clients/cli/directory-words.ts'
import { entryInWords } from '#clients/cli/enter.ts'
import { flag, optionalText, text } from '#clients/cli/identity.ts'
import { begunEnvelopeFrom, DIRECTORY_PAYLOAD_TYPE, digestOf } from '#core/envelope.ts'

export const restoreCommand: Command = {
  name: 'restore',
  summary: 'Put a backup’s log into a home whose hub is stopped, if it is all that was signed.',
  words: 'DIR',
  wordsMin: 1,
  wordsMax: 1,
  options: {
    home: {
      type: 'string',
      value: 'DIR',
      help: 'The home to restore to; it may be new if the backup has the keys.',
      default: './data',
      setting: 'RABTA_HOME',
    },
    checkpoint: {
      type: 'string',
      value: 'FILE[,FILE]',
      help: 'The newest checkpoints that others have kept of this log.',
    },
    'new-log-name': {
      type: 'string',
      value: 'NAME',
      help: 'Nothing vouches for the backup: the log goes on under this name.',
    },
    key: {
      type: 'string',
      value: 'FILE[,FILE]',
      help: 'new-log-name: the root keys that sign it.',
    },
    'to-sign': {
      type: 'string',
      value: 'FILE',
      help: 'new-log-name: write the entry for root sign elsewhere; restore nothing yet.',
    },
    signed: { type: 'string', value: 'FILE', help: 'The entry of --to-sign, signed.' },
    json: { type: 'boolean', help: 'Print JSON for programs.' },
    quiet: { type: 'boolean', help: 'No progress.' },
  },
  examples: [
    'rabta restore /backup/rabta-monday --home /srv/rabta --checkpoint kept-by-ctd-kp',
    'rabta restore /backup/rabta-monday --new-log-name hub.rabta.example/access-2 --key root.pem',
  ],
  run: async (given, io) => {
    const [folder = ''] = given.words
    const restored = await restoreHome(folder, text(given, 'home'), {
      checkpointFiles: checkpointFiles(optionalText(given, 'checkpoint')),
      newLog: newLogFrom(given),
      nowMs: Date.now(),
      io: flag(given, 'quiet') ? null : io,
    })
    if (restored.state === 'to-sign') {
      io.out(entryInWords(asEntry(restored.bytes), sha256, 'To be signed by root keys'))
      io.say(`next: rabta root sign ${restored.file} --key …; then rabta restore … --signed\n`)
      return EXIT.ok
    }
    const { madeAtMs } = await readBackup(folder)
    const { state: _, ...told } = restored
    if (flag(given, 'json')) io.out(`${JSON.stringify({ ...told, madeAtMs }, null, 2)}\n`)
    else io.out(inWords(restored, madeAtMs))
    return EXIT.ok
  },
}

const newLogFrom = (given: Given): NewLog | null => {
  const [name, toSign, signed] = ['new-log-name', 'to-sign', 'signed'].map((one) =>
    optionalText(given, one),
  )
  const keyFiles = optionalText(given, 'key')?.split(',') ?? []
  if (signed !== undefined) {
    if (name !== undefined || toSign !== undefined || keyFiles.length > 0) {
      throw new UsageError('--signed goes alone: the entry says the name')
    }
    return { how: 'enter', signed }
  }
  if (name === undefined) {
    if (toSign === undefined && keyFiles.length === 0) return null
    throw new UsageError('--key and --to-sign go with --new-log-name')
  }
  if (toSign !== undefined) return { how: 'begin', name, keyFiles, toSign }
  if (keyFiles.length === 0) throw new UsageError('--new-log-name needs --key, or --to-sign')
  return { how: 'sign', name, keyFiles }
}

const asEntry = (bytes: Uint8Array) => {
  const envelope = begunEnvelopeFrom(bytes, DIRECTORY_PAYLOAD_TYPE)
  if (!envelope.ok) throw new Error('an entry of our own cannot be read')
  return { bytes, digest: digestOf(envelope.value, sha256) }
}

const inWords = (restored: Extract<Restored, { state: 'restored' }>, madeAtMs: number): string => {
  const { logName, accessSize, vouchedSize, before } = restored
  return [
    `Restored ${logName} as it was at ${timeText(madeAtMs)}: ${accessSize} access records`,
    vouchedSize === null
      ? '  under a new name: tell all members, whose clients now say that the log is another'
      : `  vouched for by a checkpoint of size ${vouchedSize}`,
    ...(before === null ? [] : [`  what was there before lies in ${before}`]),
    '  what came after that time is lost: also revocations and suspensions. Look through them with',
    '  rabta directory show before you let anybody in',
    '',
  ].join('\n')
}
