import { writeFile } from 'node:fs/promises'
import { openSigner } from '#adapters/crypto/signer.ts'
import { readKeyFile } from '#adapters/files/key-file.ts'
import {
  EXIT,
  type ExitCode,
  type Given,
  type Io,
  type Option,
  UsageError,
} from '#clients/cli/command.ts'
import { bytesAsHex, changeInWords, timeText } from '#clients/cli/directory-words.ts'
import { flag, HUB_OPTIONS, type Identity, optionalText } from '#clients/cli/identity.ts'
import {
  authorChange,
  beginEntry,
  enterChange,
  type MakeChange,
} from '#clients/sdk/enter-change.ts'
import { type AgencyId, isAgencyId } from '#core/agency.ts'
import { base64, hex } from '#core/bytes.ts'
import { type Classification, isClassification } from '#core/classification.ts'
import type { AuthoredEntry } from '#core/directory/author.ts'
import { decodeDirectoryEntry } from '#core/directory/codec.ts'
import { begunEnvelopeFrom, DIRECTORY_PAYLOAD_TYPE } from '#core/envelope.ts'
import type { Sha256 } from '#core/hash.ts'
import { isJurisdiction, type Jurisdiction } from '#core/jurisdiction.ts'
import { isPrincipalId, type PrincipalId } from '#core/principal.ts'

/** The options of every command that enters something into the directory. */
export const ENTER_OPTIONS = {
  ...HUB_OPTIONS,
  key: {
    type: 'string',
    value: 'FILE[,FILE]',
    help: 'The key files that sign, in place of the one in --home.',
  },
  'to-sign': {
    type: 'string',
    value: 'FILE',
    help: 'Write the entry, signed so far, for root sign on other machines; send nothing.',
  },
  'dry-run': { type: 'boolean', help: 'Show the entry that would be signed; send nothing.' },
} as const satisfies Record<string, Option>

export const VALID_DAYS_OPTION = {
  type: 'string',
  value: 'N',
  help: 'How long a new key is good.',
  default: '730',
} as const satisfies Option

export interface Entering {
  readonly given: Given
  readonly io: Io
  readonly who: Identity
}

/** Signs the change with `--key`, or with the key in `keyFile`, and enters it; or only shows it. */
export const enter = async (
  { given, io, who }: Entering,
  change: MakeChange,
  keyFile: string,
): Promise<ExitCode> => {
  const files = optionalText(given, 'key')?.split(',') ?? [keyFile]
  const signers = await Promise.all(files.map(async (file) => openSigner(await readKeyFile(file))))
  const isDry = flag(given, 'dry-run')
  const toSign = optionalText(given, 'to-sign')
  if (toSign !== undefined) {
    const begun = await beginEntry(who.session, change, signers)
    await writeFile(toSign, `${base64(begun.bytes)}\n`, { flag: 'wx' })
    io.out(entryInWords(begun, who.session.sha256, 'To be signed by others'))
    io.say(`next, within ten minutes: rabta root sign ${toSign} --key …, then rabta root send\n`)
    return EXIT.ok
  }
  const entry = await (isDry ? authorChange : enterChange)(who.session, change, signers)
  if (flag(given, 'json') || isDry) io.out(`${entryToJson(entry)}\n`)
  else io.out(entryInWords(entry, who.session.sha256))
  if (isDry) io.say('nothing was sent\n')
  return EXIT.ok
}

const readBack = ({ bytes }: Pick<AuthoredEntry, 'bytes'>) => {
  const envelope = begunEnvelopeFrom(bytes, DIRECTORY_PAYLOAD_TYPE)
  const entry = envelope.ok ? decodeDirectoryEntry(envelope.value.payload) : null
  if (!envelope.ok || entry === null) throw new Error('an entry of our own cannot be read')
  return { entry, signedBy: envelope.value.signatures.map(({ keyId }) => keyId) }
}

const entryToJson = (authored: AuthoredEntry): string => {
  const { entry, signedBy } = readBack(authored)
  const { digest, bytes } = authored
  const shown = { ...entry, digest, signedBy, bytes: base64(bytes) }
  return JSON.stringify(shown, bytesAsHex, 2)
}

export const entryInWords = (
  authored: Pick<AuthoredEntry, 'bytes' | 'digest'>,
  sha256: Sha256,
  verb = 'Entered',
): string => {
  const { entry } = readBack(authored)
  return [
    `${verb}: ${changeInWords(entry.change, sha256)}`,
    `  entry   ${entry.sequence} of the directory, ${timeText(entry.enteredAtMs)}`,
    `  digest  ${hex(authored.digest)}`,
    '',
  ].join('\n')
}

export const agencyFrom = (word: string): AgencyId => {
  if (!isAgencyId(word)) throw new UsageError(`«${word}» cannot be an agency’s name, as ctd-kp is`)
  return word
}

export const principalFrom = (word: string): PrincipalId => {
  if (!isPrincipalId(word)) throw new UsageError(`«${word}» is no AGENCY/NAME`)
  return word
}

export const classificationFrom = (word: string): Classification => {
  if (!isClassification(word)) throw new UsageError(`«${word}» is no classification`)
  return word
}

export const jurisdictionsFrom = (words: string): readonly Jurisdiction[] =>
  words.split(',').map((word) => {
    if (!isJurisdiction(word)) throw new UsageError(`«${word}» is no jurisdiction, as PK-KP is`)
    return word
  })

export const timeFrom = (words: string, option: string): number => {
  // With a zone, so that it means the same on every machine.
  const timeMs = /T.*(?:Z|[+-]\d\d:\d\d)$/.test(words) ? Date.parse(words) : Number.NaN
  if (Number.isNaN(timeMs)) {
    throw new UsageError(`--${option} must be a time, as 2026-11-01T00:00:00Z is`)
  }
  return timeMs
}
