import {
  type Command,
  EXIT,
  type Given,
  type Io,
  type Option,
  UsageError,
} from '#clients/cli/command.ts'
import {
  count,
  flag,
  HUB_OPTIONS,
  identityFrom,
  optionalText,
  text,
} from '#clients/cli/identity.ts'
import { FEED_HEADER, releaseRow, releaseToJson } from '#clients/cli/show-alert.ts'
import { ShownRecalls } from '#clients/cli/shown-recalls.ts'
import { ShownReminders } from '#clients/cli/shown-reminders.ts'
import { table } from '#clients/cli/table.ts'
import { type FeedFilter, feedPages } from '#clients/sdk/feed.ts'
import { feedStream } from '#clients/sdk/feed-stream.ts'
import { GivenAlerts } from '#clients/sdk/given-alerts.ts'
import type { Session } from '#clients/sdk/session.ts'
import type { Release } from '#clients/sdk/verify-release.ts'
import { isAgencyId } from '#core/agency.ts'
import { CLASSIFICATIONS, isClassification } from '#core/classification.ts'
import { ALL_JURISDICTIONS, isJurisdiction } from '#core/jurisdiction.ts'
import { isKind, KINDS } from '#core/kind.ts'
import { isPrecedence, PRECEDENCES } from '#core/precedence.ts'

const only = (oneOf: readonly string[]): Option => ({
  type: 'string',
  value: 'LIST',
  help: 'Only these, by commas.',
  oneOf,
  isList: true,
})

export const feedCommand: Command = {
  name: 'feed',
  summary: 'Read a principal’s feed: every alert verified, every release on record.',
  words: '',
  wordsMin: 0,
  wordsMax: 0,
  options: {
    ...HUB_OPTIONS,
    from: {
      type: 'string',
      value: 'CURSOR',
      help: 'earliest, now, or a cursor.',
      default: 'earliest',
    },
    limit: { type: 'string', value: 'N', help: 'Items a page, 1 to 500.', default: '100' },
    all: { type: 'boolean', help: 'Go on to the end of the feed.' },
    follow: { type: 'boolean', help: 'Go on to the end, then as alerts come, until stopped.' },
    reread: {
      type: 'boolean',
      help: 'When your rights have widened, read from the earliest too; shows nothing twice.',
    },
    jurisdiction: only(ALL_JURISDICTIONS),
    classification: only(CLASSIFICATIONS),
    precedence: only(PRECEDENCES),
    kind: only(KINDS),
    origin: { type: 'string', value: 'LIST', help: 'Only of these agencies, by commas.' },
  },
  examples: [
    'rabta feed --as nacta/coordinator',
    'rabta feed --as ctd-punjab/analyst --kind THREAT_ALERT,LOOKOUT --all --json',
  ],
  run: async (given, io) => {
    const { session, recalled } = await identityFrom(given)
    const isJson = flag(given, 'json')
    const reading: Reading = {
      session,
      options: { filter: filterFrom(given), signal: io.signal },
      limit: count(given, 'limit'),
      isAll: flag(given, 'all') || flag(given, 'follow'),
      isAgain: flag(given, 'reread'),
      given: new GivenAlerts(),
      isJson,
      io,
      recalls: new ShownRecalls(recalled, { io, isJson }),
      reminders: new ShownReminders({ io, isJson }),
    }
    const faults = await read(reading, text(given, 'from'), flag(given, 'follow'))
    return faults === 0 ? EXIT.ok : EXIT.unverified
  },
}

interface Reading {
  readonly session: Session
  readonly options: { readonly filter: FeedFilter; readonly signal: AbortSignal }
  readonly limit: number
  readonly isAll: boolean
  /** From the earliest, when rights have widened. */
  readonly isAgain: boolean
  /** What this run has shown. */
  readonly given: GivenAlerts
  readonly isJson: boolean
  readonly io: Io
  readonly recalls: ShownRecalls
  readonly reminders: ShownReminders
}

interface Part {
  readonly cursor: string
  readonly faults: number
  /** It ends here because all is to be read again. */
  readonly isToReread: boolean
}

/** Gives the number of faults. */
const read = async (reading: Reading, from: string, isFollowing: boolean): Promise<number> => {
  const pages = await showPages(reading, from)
  if (pages.isToReread) return pages.faults + (await read(reading, EARLIEST, isFollowing))
  if (!isFollowing) return pages.faults
  const stream = await follow(reading, pages.cursor)
  const rest = stream.isToReread ? await read(reading, EARLIEST, isFollowing) : 0
  return pages.faults + stream.faults + rest
}

const EARLIEST = 'earliest'

const NOTHING = 'no alerts; what this post may receive, rabta doctor shows\n'

const showPages = async (reading: Reading, from: string): Promise<Part> => {
  const { session, options, limit, isAll, io, recalls } = reading
  let [cursor, faults] = [from, 0]
  for await (const page of feedPages(session, { ...options, limit, from })) {
    cursor = page.cursor
    for (const notice of page.notices) faults += await recalls.notice(notice)
    faults += await show(page.items, reading)
    for (const reminder of page.reminders) reading.reminders.show(reminder)
    if (page.widened && sayWidened(reading)) return { cursor, faults, isToReread: true }
    const isLast = page.isEnd || !isAll
    if (isLast && reading.given.size === 0) io.say(NOTHING)
    if (isLast) io.say(`cursor ${cursor}${page.isEnd ? '' : ' (there is more)'}\n`)
    if (isLast) break
  }
  return { cursor, faults, isToReread: false }
}

/** Shows alerts as they come, until stopped. */
const follow = async (reading: Reading, from: string): Promise<Part> => {
  const { session, options, io, recalls } = reading
  const onWait = ({ message }: Error, waitMs: number): void => {
    io.say(`${message}; again in ${(waitMs / 1_000).toFixed(1)} s\n`)
  }
  let [cursor, faults] = [from, 0]
  for await (const moment of feedStream(session, { ...options, from, onWait })) {
    cursor = moment.cursor
    if (moment.notice !== null) faults += await recalls.notice(moment.notice)
    if (moment.reminder !== null) reading.reminders.show(moment.reminder)
    if (moment.release !== null) faults += await show([moment.release], reading)
    if (moment.widened && sayWidened(reading)) return { cursor, faults, isToReread: true }
  }
  io.say(`cursor ${cursor}\n`)
  return { cursor, faults, isToReread: false }
}

/** Gives whether all is to be read again. */
const sayWidened = ({ isAgain, isJson, io }: Reading): boolean => {
  io.say('Your rights have widened: what was passed over before may be open to you now.\n')
  io.say(isAgain ? '  Reading again from the earliest.\n' : '  --from earliest gives it.\n')
  if (isJson) io.out(`${JSON.stringify({ widened: true })}\n`)
  return isAgain
}

/** Shows what this run has not shown; gives how many of them are no alerts. */
const show = async (
  items: readonly Release[],
  { isJson, io, recalls, given }: Reading,
): Promise<number> => {
  const fresh = given.take(items)
  for (const item of fresh) await recalls.release(item)
  if (isJson) for (const item of fresh) io.out(`${JSON.stringify(releaseToJson(item))}\n`)
  else if (fresh.length > 0) io.out(`${table(FEED_HEADER, fresh.map(releaseRow))}\n`)
  return fresh.filter(({ ok }) => !ok).length
}

const filterFrom = (given: Given): FeedFilter => {
  const jurisdictions = list(given, 'jurisdiction', isJurisdiction)
  const classifications = list(given, 'classification', isClassification)
  const precedences = list(given, 'precedence', isPrecedence)
  const kinds = list(given, 'kind', isKind)
  const origins = list(given, 'origin', isAgencyId)
  return {
    ...(jurisdictions && { jurisdictions }),
    ...(classifications && { classifications }),
    ...(precedences && { precedences }),
    ...(kinds && { kinds }),
    ...(origins && { origins }),
  }
}

const list = <T extends string>(
  given: Given,
  option: string,
  isKnown: (value: string) => value is T,
): readonly T[] | undefined => {
  const said = optionalText(given, option)?.split(',')
  const stranger = said?.find((one) => !isKnown(one))
  if (stranger !== undefined) throw new UsageError(`--${option}: ${stranger} is not known`)
  return said?.filter(isKnown)
}
