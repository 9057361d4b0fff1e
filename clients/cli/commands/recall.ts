import { randomBytes } from '#adapters/crypto/random.ts'
import { openSigner } from '#adapters/crypto/signer.ts'
import { homePaths } from '#adapters/files/home.ts'
import { readKeyFile } from '#adapters/files/key-file.ts'
import { alertNameFrom } from '#clients/cli/alert-name.ts'
import {
  type Command,
  EXIT,
  type ExitCode,
  type Given,
  type Io,
  UsageError,
} from '#clients/cli/command.ts'
import { flag, HUB_OPTIONS, type Identity, identityFrom, text } from '#clients/cli/identity.ts'
import { table } from '#clients/cli/table.ts'
import { previewLabel } from '#clients/sdk/preview.ts'
import { publish } from '#clients/sdk/publish.ts'
import { readAlert } from '#clients/sdk/read.ts'
import { type RecalledReader, recallOf, recallStatus } from '#clients/sdk/recall.ts'
import { signAlert } from '#clients/sdk/sign-alert.ts'
import { alertStatus } from '#clients/sdk/status.ts'
import type { Alert, AlertName } from '#core/alert.ts'
import { alertToJson } from '#core/alert-json.ts'
import { isPrecedence, PRECEDENCES } from '#core/precedence.ts'
import { uuidFromRandom } from '#core/uuid.ts'

const REASONS = [
  'FALSE_ALARM',
  'WRONG_CONTENT',
  'WRONG_LABEL',
  'SOURCE_WITHDRAWN',
  'OTHER',
] as const

export const recallCommand: Command = {
  name: 'recall',
  summary: 'Recall an alert of your agency: all who may have it are told to withdraw it.',
  words: 'ORIGIN/ID',
  wordsMin: 1,
  wordsMax: 1,
  options: {
    ...HUB_OPTIONS,
    'reason-code': {
      type: 'string',
      value: 'CODE',
      help: 'Why, as the headline says it.',
      default: 'FALSE_ALARM',
      oneOf: REASONS,
    },
    text: {
      type: 'string',
      value: 'TEXT',
      help: 'What readers are to know.',
      default: 'Withdraw every copy and act on none.',
    },
    precedence: {
      type: 'string',
      value: 'NAME',
      help: 'How urgent at least; never less than the alert was.',
      default: 'IMMEDIATE',
      oneOf: PRECEDENCES,
    },
    again: { type: 'boolean', help: 'Recall it although it is recalled: all are told once more.' },
    status: { type: 'boolean', help: 'For auditors: who was given it, and who is silent still.' },
    'dry-run': { type: 'boolean', help: 'Show the recall that would be signed; send nothing.' },
  },
  examples: [
    'rabta recall ctd-kp/0b0e6a4e-3f4b-4c1d-9a55-0d3c5b1f7a21 --as ctd-kp/duty-officer',
    'rabta recall ctd-kp/0b0e6a4e-3f4b-4c1d-9a55-0d3c5b1f7a21 --as ctd-kp/duty-officer --reason-code WRONG_CONTENT --text "Wrong vehicle."',
    'rabta recall ctd-kp/0b0e6a4e-3f4b-4c1d-9a55-0d3c5b1f7a21 --as ctd-kp/security-officer --status',
  ],
  run: async (given, io) => {
    const name = alertNameFrom(given.words[0] ?? '')
    const who = await identityFrom(given)
    if (flag(given, 'status')) return showStatus(who, name, { given, io })
    if (name.origin !== who.session.agency) {
      throw new UsageError(`only ${name.origin} can recall ${name.origin}/${name.id}`)
    }
    const { recalledBy } = await alertStatus(who.session, name)
    if (recalledBy !== null && !flag(given, 'again')) {
      throw new UsageError(
        `${name.origin}/${name.id} is recalled already, by ${name.origin}/${recalledBy}; --again tells all once more`,
      )
    }
    const original = await readAlert(who.session, name)
    if (!original.ok) {
      io.say(`what came as the alert does not verify: ${original.fault}\n`)
      return EXIT.unverified
    }
    const recall = recallOf(
      { alert: original.alert, digest: original.stamp.digest },
      {
        id: uuidFromRandom(randomBytes(16)),
        sentAtMs: Date.now(),
        precedence: precedenceOf(given),
        texts: [textOf(given)],
      },
    )
    if (flag(given, 'dry-run')) {
      io.out(`${JSON.stringify(alertToJson(recall), null, 2)}\n`)
      return EXIT.ok
    }
    return send(who, name, { recall, given, io })
  },
}

const precedenceOf = (given: Given) => {
  const precedence = text(given, 'precedence')
  if (!isPrecedence(precedence)) throw new UsageError('--precedence is not known')
  return precedence
}

const textOf = (given: Given) => {
  const code = text(given, 'reason-code')
  if (!REASONS.some((one) => one === code)) throw new UsageError('--reason-code is not known')
  return { language: 'en', headline: `RECALLED: ${code}`, narrative: text(given, 'text') }
}

const send = async (
  { session, home }: Identity,
  name: AlertName,
  { recall, given, io }: { readonly recall: Alert; readonly given: Given; readonly io: Io },
): Promise<ExitCode> => {
  const paths = homePaths(home).agency(session.agency)
  const key = await readKeyFile(session.realm === 'live' ? paths.alertKey : paths.exerciseKey)
  const { origin, id, record } = await publish(session, await signAlert(recall, [openSigner(key)]))
  // The recall is out: that whom it reaches cannot be said now changes nothing about that.
  const reached = await previewLabel(session, recall.label).then(
    (preview) => preview.reached,
    () => null,
  )
  if (flag(given, 'json')) {
    const shown = { origin, id, recalls: name, recordIndex: record.index, reached }
    io.out(`${JSON.stringify(shown, null, 2)}\n`)
  } else {
    io.out(`Recalled: ${name.origin}/${name.id}\n  by      ${origin}/${id}\n`)
    io.out(`  record  leaf ${record.index} of the access log\n`)
    io.out(`  told    ${reached?.join(', ') ?? 'not known now'}\n`)
  }
  return EXIT.ok
}

const showStatus = async (
  { session, log }: Identity,
  name: AlertName,
  { given, io }: { readonly given: Given; readonly io: Io },
): Promise<ExitCode> => {
  const status = await recallStatus(session, name)
  if (status === null) {
    io.say(`${name.origin}/${name.id} is not recalled\n`)
    return EXIT.notAll
  }
  const { readers, recalledBy, isComplete } = status
  if (flag(given, 'json')) {
    const shown = { ...name, recalledBy, isComplete, readers: readers.map(readerToJson) }
    io.out(`${JSON.stringify(shown, null, 2)}\n`)
  } else {
    const rows = readers.map((one) => [one.principal, stateOf(one), String(one.given.index)])
    io.out(`recalled by ${name.origin}/${recalledBy}\n`)
    io.out(`${table(['given to', 'recall', 'record'], rows)}\n`)
  }
  const records = readers.flatMap((one) =>
    [one.given, one.told, one.acknowledged].filter((record) => record !== null),
  )
  const inclusions = records.length === 0 ? [] : await log.verifyRecords(records)
  if (inclusions.some(({ state }) => state === 'other-leaf')) {
    io.say('NOT in the log: some of these records\n')
    return EXIT.unverified
  }
  if (!isComplete) io.say('there are more records than were searched: not all readers are shown\n')
  return isComplete ? EXIT.ok : EXIT.notAll
}

const stateOf = ({ told, acknowledged }: RecalledReader): string => {
  if (acknowledged !== null) return 'acknowledged'
  return told === null ? 'SILENT' : 'told'
}

const readerToJson = (reader: RecalledReader) => ({
  principal: reader.principal,
  state: stateOf(reader).toLowerCase(),
  givenRecord: reader.given.index,
  toldRecord: reader.told?.index ?? null,
  acknowledgedRecord: reader.acknowledged?.index ?? null,
})
