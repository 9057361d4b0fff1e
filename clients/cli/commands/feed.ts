import { type Command, EXIT, type Given, UsageError } from '#clients/cli/command.ts'
import {
  count,
  flag,
  HUB_OPTIONS,
  identityFrom,
  optionalText,
  text,
} from '#clients/cli/identity.ts'
import { FEED_HEADER, releaseRow, releaseToJson } from '#clients/cli/show-alert.ts'
import { table } from '#clients/cli/table.ts'
import { type FeedFilter, feedPages } from '#clients/sdk/feed.ts'
import { isAgencyId } from '#core/agency.ts'
import { isClassification } from '#core/classification.ts'
import { isJurisdiction } from '#core/jurisdiction.ts'
import { isKind } from '#core/kind.ts'
import { isPrecedence } from '#core/precedence.ts'

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
    follow: { type: 'boolean', help: 'Go on after the end, until stopped.' },
    jurisdiction: { type: 'string', value: 'LIST', help: 'Only these, by commas.' },
    classification: { type: 'string', value: 'LIST', help: 'Only these, by commas.' },
    precedence: { type: 'string', value: 'LIST', help: 'Only these, by commas.' },
    kind: { type: 'string', value: 'LIST', help: 'Only these, by commas.' },
    origin: { type: 'string', value: 'LIST', help: 'Only of these agencies, by commas.' },
  },
  examples: [
    'rabta feed --as nacta/coordinator',
    'rabta feed --as ctd-punjab/analyst --kind THREAT_ALERT,LOOKOUT --all --json',
  ],
  run: async (given, io) => {
    const { session } = await identityFrom(given)
    const isJson = flag(given, 'json')
    const isFollowing = flag(given, 'follow')
    let faults = 0
    const pages = feedPages(session, {
      from: text(given, 'from'),
      limit: count(given, 'limit'),
      filter: filterFrom(given),
      signal: io.signal,
      ...(isFollowing ? { pollMs: POLL_MS } : {}),
    })
    for await (const { items, cursor, isEnd } of pages) {
      faults += items.filter(({ ok }) => !ok).length
      if (isJson) for (const item of items) io.out(`${JSON.stringify(releaseToJson(item))}\n`)
      else if (items.length > 0) io.out(`${table(FEED_HEADER, items.map(releaseRow))}\n`)
      if (isEnd || !(flag(given, 'all') || isFollowing)) {
        io.say(`cursor ${cursor}${isEnd ? '' : ' (there is more)'}\n`)
      }
      if (!(flag(given, 'all') || isFollowing)) break
    }
    return faults === 0 ? EXIT.ok : EXIT.unverified
  },
}

const POLL_MS = 1_000

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
