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
import { table } from '#clients/cli/table.ts'
import { type FeedFilter, feedPages } from '#clients/sdk/feed.ts'
import { type FeedStreamOptions, feedStream } from '#clients/sdk/feed-stream.ts'
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
    const filter = filterFrom(given)
    const isFollowing = flag(given, 'follow')
    const isJson = flag(given, 'json')
    const showing = { isJson, io, recalls: new ShownRecalls(recalled, { io, isJson }) }
    let [cursor, faults] = [text(given, 'from'), 0]
    const limit = count(given, 'limit')
    const { signal } = io
    for await (const page of feedPages(session, { from: cursor, limit, filter, signal })) {
      cursor = page.cursor
      for (const notice of page.notices) faults += await showing.recalls.notice(notice)
      faults += await show(page.items, showing)
      const isLast = page.isEnd || !(flag(given, 'all') || isFollowing)
      if (isLast) io.say(`cursor ${cursor}${page.isEnd ? '' : ' (there is more)'}\n`)
      if (isLast) break
    }
    if (isFollowing) faults += await follow(session, { from: cursor, filter, signal }, showing)
    return faults === 0 ? EXIT.ok : EXIT.unverified
  },
}

interface Showing {
  readonly isJson: boolean
  readonly io: Io
  readonly recalls: ShownRecalls
}

/** Shows alerts as they come, until stopped; gives the number of faults. */
const follow = async (
  session: Session,
  options: FeedStreamOptions,
  showing: Showing,
): Promise<number> => {
  const { io } = showing
  const onWait = ({ message }: Error, waitMs: number): void => {
    io.say(`${message}; again in ${(waitMs / 1_000).toFixed(1)} s\n`)
  }
  let [faults, last] = [0, options.from]
  for await (const { notice, release, cursor } of feedStream(session, { ...options, onWait })) {
    last = cursor
    if (notice !== null) faults += await showing.recalls.notice(notice)
    if (release !== null) faults += await show([release], showing)
  }
  io.say(`cursor ${last}\n`)
  return faults
}

/** Gives how many of them are none. */
const show = async (
  items: readonly Release[],
  { isJson, io, recalls }: Showing,
): Promise<number> => {
  for (const item of items) await recalls.release(item)
  if (isJson) for (const item of items) io.out(`${JSON.stringify(releaseToJson(item))}\n`)
  else if (items.length > 0) io.out(`${table(FEED_HEADER, items.map(releaseRow))}\n`)
  return items.filter(({ ok }) => !ok).length
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
