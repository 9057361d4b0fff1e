import {
  type Command,
  EXIT,
  type ExitCode,
  type Given,
  type Io,
  UsageError,
} from '#clients/cli/command.ts'
import {
  isShown,
  type LoggedEntry,
  loggedFrom,
  logText,
  type Since,
} from '#clients/cli/directory-log.ts'
import { bytesAsHex, rolesText, timeText } from '#clients/cli/directory-words.ts'
import { agencyFrom, timeFrom } from '#clients/cli/enter.ts'
import { flag, HUB_OPTIONS, identityFrom, optionalText } from '#clients/cli/identity.ts'
import { table } from '#clients/cli/table.ts'
import type { Session } from '#clients/sdk/session.ts'
import type { AgencyId } from '#core/agency.ts'
import { hex } from '#core/bytes.ts'
import { hasAnother } from '#core/directory/administrators.ts'
import {
  type Agency,
  type DirectoryKey,
  type DirectoryState,
  isSuspended,
} from '#core/directory/state.ts'

const ABOUT = { log, show } as const
const isAbout = (name: string): name is keyof typeof ABOUT => Object.hasOwn(ABOUT, name)

export const directoryCommand: Command = {
  name: 'directory',
  summary: 'Who is who, and who said so: verified from the pinned genesis entry.',
  words: 'log | show',
  firstWords: Object.keys(ABOUT),
  wordsMin: 1,
  wordsMax: 1,
  options: {
    ...HUB_OPTIONS,
    agency: { type: 'string', help: 'Only what was entered in this agency’s name.' },
    since: {
      type: 'string',
      value: 'ENTRY|TIME',
      help: 'log: from this entry, or this claimed time, on; what was ignored shows always.',
    },
  },
  examples: [
    'rabta directory log --agency ctd-kp --as ctd-kp/security-officer',
    'rabta directory log --agency ctd-kp --since 100 --as ctd-kp/security-officer',
    'rabta directory show --agency ctd-kp --as ctd-kp/security-officer',
  ],
  run: async (given, io) => {
    const [name = ''] = given.words
    if (!isAbout(name)) throw new UsageError(`rabta directory takes ${directoryCommand.words}`)
    const only = optionalText(given, 'agency')
    const agency = only === undefined ? null : agencyFrom(only)
    const { session } = await identityFrom(given)
    return ABOUT[name]({ given, io, session, agency })
  },
}

interface Asked {
  readonly given: Given
  readonly io: Io
  readonly session: Session
  readonly agency: AgencyId | null
}

async function log({ given, io, session, agency }: Asked): Promise<ExitCode> {
  const since = sinceFrom(optionalText(given, 'since'))
  const all: LoggedEntry[] = []
  const mirror = session.directory.retold((seen) => all.push(loggedFrom(mirror.state, seen)))
  await mirror.catchUp()
  const shown = all.filter((one) => isShown(one, { agency, since }))
  if (flag(given, 'json')) io.out(`${JSON.stringify(shown, bytesAsHex, 2)}\n`)
  else io.out(logText(shown, session.sha256))
  const { sequence, digest } = mirror.state
  const ignored = shown.filter(({ fault }) => fault !== null)
  if (ignored.length > 0) {
    io.say(`IGNORED, for they have no authority: ${ignored.length} of those shown\n`)
  }
  io.say(`verified from the pinned genesis up to entry ${sequence}, digest ${hex(digest)}\n`)
  io.say(`what comes after it: --since ${sequence + 1}\n`)
  return ignored.length === 0 ? EXIT.ok : EXIT.notAll
}

/** A time is what signers claimed; an entry's place in the chain is nobody's claim. */
const sinceFrom = (words: string | undefined): Since => {
  if (words === undefined) return { sequence: 0, timeMs: 0 }
  if (/^\d{1,9}$/.test(words)) return { sequence: Number(words), timeMs: 0 }
  return { sequence: 0, timeMs: timeFrom(words, 'since') }
}

async function show({ given, io, session, agency }: Asked): Promise<ExitCode> {
  await session.directory.catchUp()
  const { state } = session.directory
  const mine = (one: { readonly agency: AgencyId | null }): boolean =>
    agency === null || one.agency === agency
  const agencies = [...state.agencies.values()].filter(({ id }) => mine({ agency: id }))
  const principals = [...state.principals.values()].filter(mine)
  const keys = [...state.keys.values()].filter(mine)
  if (flag(given, 'json')) {
    const { sequence, digest } = state
    const shown = { head: { sequence, digest }, agencies, principals, keys }
    io.out(`${JSON.stringify(shown, bytesAsHex, 2)}\n`)
    return EXIT.ok
  }
  const agencyRows = agencies.map((one) => [
    one.id,
    one.home,
    `${one.ceiling.classification} in ${one.ceiling.jurisdictions.join(' ')}`,
    isSuspended(one) ? 'SUSPENDED' : 'active',
  ])
  const principalRows = principals.map((one) => [
    one.id,
    one.clearance,
    one.jurisdictions.join(' '),
    rolesText(one.roles),
    one.suspended ? 'SUSPENDED' : 'active',
  ])
  const keyRows = keys.map((key) => [
    key.id,
    key.principal ?? key.agency ?? 'the hub',
    key.usage,
    timeText(key.validToMs),
    keyStateText(key, session.clock.nowMs()),
  ])
  io.out(`${table(['agency', 'home', 'at most', 'state'], agencyRows, 100)}\n\n`)
  io.out(`${table(['principal', 'clearance', 'sees', 'roles', 'state'], principalRows, 100)}\n\n`)
  io.out(`${table(['key', 'of', 'usage', 'good until', 'state'], keyRows, 100)}\n`)
  for (const warning of warnings(state, agencies, session.clock.nowMs())) io.say(`${warning}\n`)
  io.say(`verified up to entry ${state.sequence}\n`)
  return EXIT.ok
}

const keyStateText = ({ revoked, validFromMs, validToMs }: DirectoryKey, nowMs: number): string => {
  if (revoked !== null) {
    const since = revoked.compromisedSinceMs
    return since === null ? 'revoked' : `compromised since ${timeText(since)}`
  }
  if (nowMs < validFromMs) return 'not yet good'
  return nowMs < validToMs ? 'good' : 'run out'
}

/** What an officer should see to while nothing is wrong yet. */
const warnings = (
  state: DirectoryState,
  agencies: readonly Agency[],
  atMs: number,
): readonly string[] => {
  const stale = [...state.keys.values()].filter(
    ({ usage, agency, revoked, validToMs }) =>
      usage === 'directory_signing' &&
      revoked === null &&
      validToMs <= atMs &&
      agencies.some(({ id }) => id === agency),
  )
  const orphans = agencies.filter(({ id }) => !hasAnother(state, id, { atMs }))
  return [
    ...stale.map(({ id, principal }) => `REVOKE ${id} of ${principal}: it has only run out`),
    ...orphans.map(({ id }) => `NO ADMINISTRATOR of ${id} can sign: root keys must replace them`),
  ]
}
