import { writeFile } from 'node:fs/promises'
import { alertNameFrom } from '#clients/cli/alert-name.ts'
import {
  type Command,
  EXIT,
  type ExitCode,
  type Given,
  type Io,
  UsageError,
} from '#clients/cli/command.ts'
import {
  count,
  flag,
  HUB_OPTIONS,
  type Identity,
  identityFrom,
  optionalText,
} from '#clients/cli/identity.ts'
import { RECORD_HEADER, recordRow } from '#clients/cli/show-record.ts'
import { table } from '#clients/cli/table.ts'
import type { RecordBytes } from '#clients/sdk/given-record.ts'
import { givenTo } from '#clients/sdk/given-to.ts'
import type { RecordFilter } from '#clients/sdk/record-filter.ts'
import { readRecord, recordPage } from '#clients/sdk/search.ts'
import { ACCESS_ACTIONS, ACCESS_OUTCOMES } from '#core/access-record.ts'
import { isAgencyId } from '#core/agency.ts'
import { hex } from '#core/bytes.ts'
import { isPrincipalId } from '#core/principal.ts'
import { recordToJson } from '#core/record-json.ts'

const ABOUT = {
  search: { words: 0, run: search },
  record: { words: 1, run: record },
  receipt: { words: 1, run: receipt },
  'given-to': { words: 1, run: whoWasGiven },
  checkpoint: { words: 0, run: checkpoint },
} as const
const isAbout = (name: string): name is keyof typeof ABOUT => Object.hasOwn(ABOUT, name)

export const accessLogCommand: Command = {
  name: 'access-log',
  summary: 'Ask the access log who did what, and hold it to its checkpoints.',
  words: 'search | record INDEX | receipt INDEX | given-to ORIGIN/ID | checkpoint',
  firstWords: Object.keys(ABOUT),
  wordsMin: 1,
  wordsMax: 2,
  options: {
    ...HUB_OPTIONS,
    agency: { type: 'string', help: 'search: of this agency’s principals.' },
    principal: { type: 'string', value: 'AGENCY/NAME', help: 'search: of this principal.' },
    alert: { type: 'string', value: 'ORIGIN/ID', help: 'search: about this alert.' },
    action: { type: 'string', help: 'search: what was done.', oneOf: ACCESS_ACTIONS },
    outcome: {
      type: 'string',
      help: 'search: ALLOWED, DENIED or FAILED.',
      oneOf: ACCESS_OUTCOMES,
    },
    limit: { type: 'string', value: 'N', help: 'search: how many, 1 to 500.', default: '50' },
    before: { type: 'string', value: 'INDEX', help: 'search: below this leaf.' },
    out: { type: 'string', value: 'FILE', help: 'receipt: where to write it.' },
  },
  examples: [
    'rabta access-log search --as nacta/national-auditor --outcome DENIED',
    'rabta access-log given-to ctd-kp/0b0e6a4e-3f4b-4c1d-9a55-0d3c5b1f7a21 --as ctd-kp/security-officer',
    'rabta access-log receipt 1234 --as ctd-kp/security-officer --out 1234.tlog-proof',
  ],
  run: async (given, io) => {
    const [name = '', word] = given.words
    if (!isAbout(name)) throw new UsageError(`rabta access-log takes ${accessLogCommand.words}`)
    if ((word === undefined ? 0 : 1) !== ABOUT[name].words) {
      throw new UsageError(`rabta access-log takes ${accessLogCommand.words}`)
    }
    return ABOUT[name].run({ given, io, word: word ?? '', who: await identityFrom(given) })
  },
}

interface Asked {
  readonly given: Given
  readonly io: Io
  readonly word: string
  readonly who: Identity
}

async function search({ given, io, who }: Asked): Promise<ExitCode> {
  const before = optionalText(given, 'before')
  const page = await recordPage(who.session, {
    filter: filterFrom(given),
    limit: count(given, 'limit'),
    ...(before === undefined ? {} : { before: count(given, 'before') }),
  })
  if (flag(given, 'json')) {
    const records = page.records.map(({ index, content }) => ({
      index,
      record: content && recordToJson(content),
    }))
    io.out(`${JSON.stringify({ ...page, records }, null, 2)}\n`)
  } else {
    io.out(`${table(RECORD_HEADER, page.records.map(recordRow))}\n`)
    io.say(
      `as of leaf ${page.asOfIndex}${page.next === null ? '' : `; more with --before ${page.next}`}\n`,
    )
  }
  return proven(page.records, { io, who })
}

async function record({ io, word, who }: Asked): Promise<ExitCode> {
  const found = await readRecord(who.session, indexFrom(word))
  const shown = { index: found.index, record: found.content && recordToJson(found.content) }
  io.out(`${JSON.stringify({ ...shown, leafHash: hex(found.leafHash) }, null, 2)}\n`)
  return proven([found], { io, who })
}

async function receipt({ given, io, word, who }: Asked): Promise<ExitCode> {
  const file = await who.log.receipt(await readRecord(who.session, indexFrom(word)))
  if (file === null) {
    io.say('no checkpoint covers that leaf yet, or the log has something else there\n')
    return EXIT.unverified
  }
  const out = optionalText(given, 'out')
  if (out === undefined) io.out(file)
  else await writeFile(out, file, { flag: 'wx' })
  io.say('this proves offline that the record is in the log: rabta verify FILE\n')
  return EXIT.ok
}

async function whoWasGiven({ given, io, word, who }: Asked): Promise<ExitCode> {
  const access = await givenTo(who.session, alertNameFrom(word))
  const { published, givenTo: receivers, refusedTo, acknowledgedBy, deadLettered } = access
  const all = [published, receivers, refusedTo, acknowledgedBy, deadLettered].flat()
  if (flag(given, 'json')) {
    const lists = { published, givenTo: receivers, refusedTo, acknowledgedBy, deadLettered }
    const shown = Object.entries(lists).map(([name, list]) => [
      name,
      list.map(({ index, content }) => ({ index, record: recordToJson(content) })),
    ])
    io.out(`${JSON.stringify(Object.fromEntries(shown), null, 2)}\n`)
  } else {
    io.out(`${table(RECORD_HEADER, all.map(recordRow))}\n`)
  }
  if (!access.isComplete) io.say('there are more; these are the newest\n')
  return proven(all, { io, who })
}

async function checkpoint({ io, who }: Asked): Promise<ExitCode> {
  const { checkpoint: newest, isFirst, isStale } = await who.log.refresh()
  io.out(newest.note)
  if (isStale) io.say('the hub gave an older checkpoint than is remembered; shown is the newer\n')
  else if (isFirst) io.say('verified; remembered from now on\n')
  else io.say('verified; an extension of the one remembered\n')
  return EXIT.ok
}

/** Whether each record shown is in the log, in its place. */
const proven = async (
  records: readonly RecordBytes[],
  { io, who }: Pick<Asked, 'io' | 'who'>,
): Promise<ExitCode> => {
  if (records.length === 0) return EXIT.ok
  const inclusions = await who.log.verifyRecords(records)
  const wrong = inclusions.flatMap(({ state }, at) =>
    state === 'other-leaf' ? [records[at]?.index ?? -1] : [],
  )
  const waiting = inclusions.filter(({ state }) => state === 'not-yet').length
  if (wrong.length > 0) io.say(`NOT in the log: ${wrong.join(', ')}\n`)
  else io.say(`${inclusions.length - waiting} of ${inclusions.length} proven to be in the log\n`)
  return wrong.length === 0 ? EXIT.ok : EXIT.unverified
}

const indexFrom = (word: string): number => {
  if (!/^\d{1,15}$/.test(word)) throw new UsageError(`«${word}» is no leaf index`)
  return Number(word)
}

const filterFrom = (given: Given): RecordFilter => {
  const agency = known(given, 'agency', isAgencyId)
  const principal = known(given, 'principal', isPrincipalId)
  const action = known(given, 'action', oneOf(ACCESS_ACTIONS))
  const outcome = known(given, 'outcome', oneOf(ACCESS_OUTCOMES))
  const alert = optionalText(given, 'alert')
  return {
    ...(agency && { agency }),
    ...(principal && { principal }),
    ...(action && { action }),
    ...(outcome && { outcome }),
    ...(alert && { alert: alertNameFrom(alert) }),
  }
}

const oneOf =
  <T extends string>(values: readonly T[]) =>
  (value: string): value is T =>
    values.some((one) => one === value)

const known = <T extends string>(
  given: Given,
  name: string,
  isKnown: (value: string) => value is T,
): T | null => {
  const value = optionalText(given, name)
  if (value === undefined) return null
  if (!isKnown(value)) throw new UsageError(`--${name}: ${value} is not known`)
  return value
}
