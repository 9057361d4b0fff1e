import { homePaths } from '#adapters/files/home.ts'
import { type Command, type ExitCode, UsageError } from '#clients/cli/command.ts'
import {
  agencyFrom,
  classificationFrom,
  ENTER_OPTIONS,
  type Entering,
  enter,
  jurisdictionsFrom,
  VALID_DAYS_OPTION,
} from '#clients/cli/enter.ts'
import { count, flag, identityFrom, optionalText, text } from '#clients/cli/identity.ts'
import { newKey } from '#clients/cli/new-key.ts'
import type { AgencyId } from '#core/agency.ts'
import { principalId } from '#core/principal.ts'

const ABOUT = { add, suspend: standing(true), resume: standing(false) } as const
const isAbout = (name: string): name is keyof typeof ABOUT => Object.hasOwn(ABOUT, name)

export const agencyCommand: Command = {
  name: 'agency',
  summary: 'Add, suspend or resume an agency: signed with the federation’s root key.',
  words: 'add | suspend | resume AGENCY',
  wordsMin: 2,
  wordsMax: 2,
  options: {
    ...ENTER_OPTIONS,
    jurisdiction: { type: 'string', value: 'CODE', help: 'add: its home, for ever.' },
    ceiling: { type: 'string', value: 'LEVEL', help: 'add: the highest clearance it may give.' },
    jurisdictions: {
      type: 'string',
      value: 'CODE[,CODE]',
      help: 'add: which its principals may hold; its home without it.',
    },
    administrator: {
      type: 'string',
      value: 'NAME',
      help: 'add: the post of its first administrator.',
      default: 'administrator',
    },
    'administrator-key': {
      type: 'string',
      value: 'FILE',
      help: 'add: that administrator’s public key; without it, one is made in --home.',
    },
    'valid-days': VALID_DAYS_OPTION,
  },
  examples: [
    'rabta agency add fia --jurisdiction PK --ceiling SECRET --as nacta/coordinator',
    'rabta agency suspend ctd-gb --as nacta/coordinator --key root.pem',
    'rabta agency resume ctd-gb --as nacta/coordinator --dry-run',
  ],
  run: async (given, io) => {
    const [name = '', word = ''] = given.words
    if (!isAbout(name)) throw new UsageError(`rabta agency takes ${agencyCommand.words}`)
    const agency = agencyFrom(word)
    return ABOUT[name]({ given, io, who: await identityFrom(given) }, agency)
  },
}

function standing(suspended: boolean) {
  return (entering: Entering, agency: AgencyId): Promise<ExitCode> => {
    const change = { type: 'AgencyStanding', agency, suspended } as const
    return enter(entering, () => change, homePaths(entering.who.home).rootKey)
  }
}

async function add(entering: Entering, agency: AgencyId): Promise<ExitCode> {
  const { given, io, who } = entering
  const [home] = jurisdictionsFrom(text(given, 'jurisdiction'))
  const administrator = principalId(agency, text(given, 'administrator'))
  if (home === undefined || administrator === null) {
    throw new UsageError('--administrator must be a post’s name, as administrator is')
  }
  const ceiling = {
    classification: classificationFrom(text(given, 'ceiling')),
    jurisdictions: jurisdictionsFrom(optionalText(given, 'jurisdictions') ?? home),
  }
  const paths = homePaths(who.home)
  const validToMs = who.session.clock.nowMs() + count(given, 'valid-days') * DAY_MS
  const administratorKey = await newKey(
    {
      algorithm: 'Ed25519',
      from: optionalText(given, 'administrator-key'),
      path: () => paths.agency(agency).administratorKey,
      isDry: flag(given, 'dry-run'),
    },
    io,
  )
  const names = { agency, home, ceiling, administrator, administratorKey, validToMs }
  const exit = await enter(entering, () => ({ type: 'AgencyAdded', ...names }), paths.rootKey)
  io.say(`next, ${administrator} enters its key to call with:\n`)
  io.say(`  rabta key add --usage authentication --principal ${administrator}\n`)
  return exit
}

const DAY_MS = 86_400_000
