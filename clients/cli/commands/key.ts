import { homePaths } from '#adapters/files/home.ts'
import {
  type Command,
  EXIT,
  type ExitCode,
  type Given,
  type Io,
  UsageError,
} from '#clients/cli/command.ts'
import { timeText } from '#clients/cli/directory-words.ts'
import {
  agencyFrom,
  ENTER_OPTIONS,
  type Entering,
  enter,
  principalFrom,
  timeFrom,
  VALID_DAYS_OPTION,
} from '#clients/cli/enter.ts'
import { count, flag, identityFrom, optionalText, text } from '#clients/cli/identity.ts'
import { givenKey, newKey, POSSESSION_OPTION, pathBeside } from '#clients/cli/new-key.ts'
import type { AgencyId } from '#core/agency.ts'
import { base64 } from '#core/bytes.ts'
import { KEY_USAGES, type KeyUsage } from '#core/directory/entry.ts'
import type { KeyOwner } from '#core/directory/possession.ts'
import type { DirectoryKey } from '#core/directory/state.ts'
import { isKeyId, type KeyId } from '#core/key.ts'
import { agencyOf, type PrincipalId } from '#core/principal.ts'

const ABOUT = {
  add: { words: 0, run: add },
  rotate: { words: 0, run: rotate },
  revoke: { words: 1, run: revoke },
} as const
const isAbout = (name: string): name is keyof typeof ABOUT => Object.hasOwn(ABOUT, name)

const USAGE_WORDS = Object.keys(KEY_USAGES).map((usage) => usage.replaceAll('_', '-'))

export const keyCommand: Command = {
  name: 'key',
  summary: 'Add, rotate or revoke a key: signed with the administrator’s key, or the root key.',
  words: 'add | prove | rotate | revoke KEY-ID',
  firstWords: ['prove', ...Object.keys(ABOUT)],
  wordsMin: 1,
  wordsMax: 2,
  options: {
    ...ENTER_OPTIONS,
    usage: {
      type: 'string',
      help: `add, rotate: ${USAGE_WORDS.join(', ')}.`,
      oneOf: USAGE_WORDS,
    },
    agency: { type: 'string', help: 'add, prove, rotate: whose; that of --as without it.' },
    principal: {
      type: 'string',
      value: 'AGENCY/NAME',
      help: 'add, prove: whose authentication or directory-signing key.',
    },
    from: {
      type: 'string',
      value: 'FILE',
      help: 'add, prove: the key that its owner made; add without it makes one.',
    },
    possession: POSSESSION_OPTION,
    out: { type: 'string', value: 'FILE', help: 'add, rotate: where a key that is made goes.' },
    'valid-days': VALID_DAYS_OPTION,
    'compromised-since': {
      type: 'string',
      value: 'TIME',
      help: 'revoke: what it signed from then on is withdrawn; e.g. 2026-11-01T00:00:00Z.',
    },
  },
  examples: [
    'rabta key prove --usage authentication --principal ctd-kp/desk-2 --from desk-2.pem > desk-2.proof',
    'rabta key add --usage authentication --principal ctd-kp/desk-2 --from desk-2.pub.pem --possession desk-2.proof',
    'rabta key rotate --usage alert-signing --as ctd-kp/administrator',
    'rabta key rotate --usage token-signing --key root.pem --as nacta/coordinator',
    'rabta key revoke KEY-ID --compromised-since 2026-11-01T00:00:00Z',
  ],
  run: async (given, io) => {
    const [name = '', word] = given.words
    if (name === 'prove' && word === undefined) return prove(given, io)
    if (!isAbout(name) || (word === undefined ? 0 : 1) !== ABOUT[name].words) {
      throw new UsageError(`rabta key takes ${keyCommand.words}`)
    }
    return ABOUT[name].run({ given, io, who: await identityFrom(given) }, word ?? '')
  },
}

/** A key is good from a little before it was made, for clocks that are behind. */
const CLOCK_SKEW_MS = 3_600_000
const DAY_MS = 86_400_000

/** On the machine of whoever holds the key; without a hub. */
async function prove(given: Given, io: Io): Promise<ExitCode> {
  const usage = text(given, 'usage')
  const owner: KeyOwner =
    usage === 'root'
      ? { agency: null, principal: null, usage }
      : { ...ownerFrom(given, usageFrom(usage)), usage: usageFrom(usage) }
  const { possession } = await givenKey(text(given, 'from'), undefined, owner)
  io.out(`${base64(possession)}\n`)
  return EXIT.ok
}

interface Owner {
  readonly agency: AgencyId | null
  readonly principal: PrincipalId | null
}

async function add(entering: Entering): Promise<ExitCode> {
  const { given, who } = entering
  const usage = usageFrom(text(given, 'usage'))
  return enterKey(entering, usage, ownerFrom(given, usage, who.session.agency))
}

/** The new key is entered while the old one is good: both sign until the old one is revoked. */
async function rotate(entering: Entering): Promise<ExitCode> {
  const { given, io, who } = entering
  const usage = usageFrom(optionalText(given, 'usage') ?? 'alert-signing')
  if (KEY_USAGES[usage].owner === 'principal') {
    throw new UsageError('rotate is for what agencies and the hub sign with; for others: key add')
  }
  const { session } = who
  const owner = ownerFrom(given, usage, session.agency)
  await session.directory.catchUp()
  const nowMs = session.clock.nowMs()
  const old = [...session.directory.state.keys.values()].filter(
    (key) => key.agency === owner.agency && key.usage === usage && isGood(key, nowMs),
  )
  if (old.length === 0) throw new UsageError('there is no key to take over from: use key add')
  const exit = await enterKey(entering, usage, owner)
  const revocations = old.map(
    ({ id, validToMs }) => `     rabta key revoke ${id}   (else good until ${timeText(validToMs)})`,
  )
  io.say(
    [
      'next:',
      ...NEXT_STEPS[owner.agency === null ? 'hub' : 'agency'],
      ...revocations,
      '  what the old key signed before that stays verifiable\n',
    ].join('\n'),
  )
  return exit
}

const NEXT_STEPS = {
  agency: [
    '  1. give the new key’s file to whatever signs for the agency, and see an alert go out',
    '  2. when nothing signs with the old key any more:',
  ],
  hub: [
    '  1. on each gateway: the new file in the place of hub/token-signing.pem, then SIGHUP',
    '  2. five minutes after the last of them, when no token of the old key is good any more:',
  ],
} as const

const isGood = ({ revoked, validFromMs, validToMs }: DirectoryKey, nowMs: number): boolean =>
  revoked === null && validFromMs <= nowMs && nowMs < validToMs

async function revoke(entering: Entering, keyId: string): Promise<ExitCode> {
  const { given, who } = entering
  if (!isKeyId(keyId)) throw new UsageError(`«${keyId}» is no key id: see rabta directory show`)
  const compromisedSinceMs = sinceFrom(given)
  const { directory } = who.session
  await directory.catchUp()
  const key = directory.state.keys.get(keyId)
  if (key === undefined) throw new UsageError('the directory knows no such key')
  const change = { type: 'KeyRevoked', keyId, compromisedSinceMs } as const
  return enter(entering, () => change, signingFile(who.home, key.agency))
}

const sinceFrom = (given: Given): number | null => {
  const words = optionalText(given, 'compromised-since')
  return words === undefined ? null : timeFrom(words, 'compromised-since')
}

const enterKey = async (entering: Entering, usage: KeyUsage, owner: Owner): Promise<ExitCode> => {
  const { given, io, who } = entering
  const nowMs = who.session.clock.nowMs()
  const validity = {
    validFromMs: nowMs - CLOCK_SKEW_MS,
    validToMs: nowMs + count(given, 'valid-days') * DAY_MS,
  }
  const out = optionalText(given, 'out')
  const proven = await newKey(
    {
      algorithm: usage === 'authentication' || usage === 'token_signing' ? 'ES256' : 'Ed25519',
      owner: { ...owner, usage },
      from: optionalText(given, 'from'),
      possession: optionalText(given, 'possession'),
      path: (keyId) => out ?? keyPath(who.home, usage, owner, keyId),
      isDry: flag(given, 'dry-run'),
    },
    io,
  )
  const change = { type: 'KeyAdded', ...owner, usage, ...proven, ...validity } as const
  return enter(entering, () => change, signingFile(who.home, owner.agency))
}

/** The hub's own keys are the root keys' to enter. */
const signingFile = (home: string, agency: AgencyId | null): string =>
  agency === null ? homePaths(home).rootKey : homePaths(home).agency(agency).administratorKey

const keyPath = (home: string, usage: KeyUsage, owner: Owner, keyId: KeyId): string => {
  const { agency, principal } = owner
  if (agency === null) return homePaths(home).newTokenKey(keyId)
  const paths = homePaths(home).agency(agency)
  const name = principal?.slice(agency.length + 1) ?? ''
  const first = {
    alert_signing: paths.alertKey,
    exercise_signing: paths.exerciseKey,
    authentication: paths.principalKey(name),
    directory_signing: paths.administratorKey,
    token_signing: homePaths(home).newTokenKey(keyId),
  }[usage]
  const stem = usage === 'authentication' ? name : usage
  return pathBeside(first, paths.newKey(stem, keyId))
}

const usageFrom = (word: string): KeyUsage => {
  const usage = word.replaceAll('-', '_')
  if (!isUsage(usage)) throw new UsageError(`«${word}» is no usage, as alert-signing is`)
  return usage
}

const isUsage = (name: string): name is KeyUsage => Object.hasOwn(KEY_USAGES, name)

const ownerFrom = (given: Given, usage: KeyUsage, own?: AgencyId): Owner => {
  const { owner } = KEY_USAGES[usage]
  if (owner === 'hub') return { agency: null, principal: null }
  if (owner === 'agency') {
    const agency = optionalText(given, 'agency') ?? own ?? text(given, 'agency')
    return { agency: agencyFrom(agency), principal: null }
  }
  const principal = principalFrom(text(given, 'principal'))
  return { agency: agencyOf(principal), principal }
}
