import {
  type Command,
  EXIT,
  type ExitCode,
  type Given,
  type Io,
  UsageError,
} from '#clients/cli/command.ts'
import {
  bytesAsHex,
  changeInWords,
  FAULTS,
  rolesText,
  signerInWords,
  subjectOf,
  timeText,
} from '#clients/cli/directory-words.ts'
import { agencyFrom } from '#clients/cli/enter.ts'
import { flag, HUB_OPTIONS, identityFrom, optionalText } from '#clients/cli/identity.ts'
import { table } from '#clients/cli/table.ts'
import type { SeenEntry } from '#clients/sdk/directory.ts'
import type { Session } from '#clients/sdk/session.ts'
import type { AgencyId } from '#core/agency.ts'
import type { DirectoryFault } from '#core/directory/authority.ts'
import { decodeDirectoryEntry } from '#core/directory/codec.ts'
import type { DirectoryEntry } from '#core/directory/entry.ts'
import { type DirectoryKey, type DirectoryState, isSuspended } from '#core/directory/state.ts'
import { DIRECTORY_PAYLOAD_TYPE, envelopeFrom } from '#core/envelope.ts'

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
  },
  examples: [
    'rabta directory log --agency ctd-kp --as ctd-kp/security-officer',
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

/** An entry of the topic for people. Of one that is ignored all but the offset is a mere claim. */
interface LoggedEntry {
  readonly offset: number
  readonly fault: DirectoryFault | null
  /** Null when the bytes are no entry. */
  readonly entry: DirectoryEntry | null
  readonly subject: AgencyId | null
  readonly signedBy: readonly string[]
}

async function log({ given, io, session, agency }: Asked): Promise<ExitCode> {
  const all: LoggedEntry[] = []
  const mirror = session.directory.retold((seen) => all.push(loggedFrom(mirror.state, seen)))
  await mirror.catchUp()
  // What cannot be read may have been meant for any agency.
  const shown = all.filter(
    ({ subject, entry }) => agency === null || subject === agency || entry === null,
  )
  if (flag(given, 'json')) {
    io.out(`${JSON.stringify(shown, bytesAsHex, 2)}\n`)
  } else {
    const rows = shown.map((one) => logRow(one, session))
    io.out(`${table(['offset', 'entry', 'time', 'what', 'signed by'], rows, 400)}\n`)
  }
  const faults = shown.flatMap(({ fault, offset }) =>
    fault === null ? [] : [`  offset ${offset}  ${fault}: ${FAULTS[fault]}\n`],
  )
  if (faults.length === 0) io.say(`verified up to entry ${mirror.state.sequence}\n`)
  else io.say(`IGNORED, for they have no authority:\n${faults.join('')}`)
  return faults.length === 0 ? EXIT.ok : EXIT.notAll
}

const loggedFrom = (
  state: DirectoryState,
  { offset, bytes, judgement }: SeenEntry,
): LoggedEntry => {
  const envelope = envelopeFrom(bytes, DIRECTORY_PAYLOAD_TYPE)
  const entry = envelope.ok ? decodeDirectoryEntry(envelope.value.payload) : null
  const signatures = envelope.ok ? envelope.value.signatures : []
  const isGenesis = entry?.change.type === 'Genesis'
  return {
    offset,
    fault: judgement.ok ? null : judgement.fault,
    entry,
    subject: entry && subjectOf(state, entry.change),
    // The genesis entry is signed by the root keys that it names itself.
    signedBy: signatures.map(({ keyId }) =>
      judgement.ok && isGenesis ? `root ${keyId}` : signerInWords(state, keyId),
    ),
  }
}

const logRow = (
  { offset, fault, entry, signedBy }: LoggedEntry,
  { sha256 }: Session,
): readonly string[] => [
  String(offset),
  fault === null ? String(entry?.sequence) : 'IGNORED',
  entry === null ? '' : timeText(entry.enteredAtMs),
  entry === null ? 'unreadable' : changeInWords(entry.change, sha256),
  fault === null ? signedBy.join(', ') : `${fault}; claims ${signedBy.join(', ')}`,
]

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
