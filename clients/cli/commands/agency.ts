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
import { newKey, POSSESSION_OPTION, pathBeside } from '#clients/cli/new-key.ts'
import type { AgencyId } from '#core/agency.ts'
import { CLASSIFICATIONS } from '#core/classification.ts'
import { ALL_JURISDICTIONS } from '#core/jurisdiction.ts'
import { type PrincipalId, principalId } from '#core/principal.ts'

const ABOUT = {
  add,
  suspend: standing(true),
  resume: standing(false),
  'replace-administrators': replaceAdministrators,
} as const
const isAbout = (name: string): name is keyof typeof ABOUT => Object.hasOwn(ABOUT, name)

export const agencyCommand: Command = {
  name: 'agency',
  summary: 'Add, suspend, resume or repair an agency: signed with the federation’s root key.',
  words: 'add | suspend | resume | replace-administrators AGENCY',
  firstWords: Object.keys(ABOUT),
  wordsMin: 2,
  wordsMax: 2,
  options: {
    ...ENTER_OPTIONS,
    jurisdiction: {
      type: 'string',
      value: 'CODE',
      help: 'add: its home, for ever.',
      oneOf: ALL_JURISDICTIONS,
    },
    ceiling: {
      type: 'string',
      value: 'LEVEL',
      help: 'add: the highest clearance it may give.',
      oneOf: CLASSIFICATIONS,
    },
    jurisdictions: {
      type: 'string',
      value: 'CODE[,CODE]',
      help: 'add: which its principals may hold; its home without it.',
      oneOf: ALL_JURISDICTIONS,
      isList: true,
    },
    administrator: {
      type: 'string',
      value: 'NAME',
      help: 'add, replace-administrators: the post of its first administrator.',
      default: 'administrator',
    },
    'administrator-key': {
      type: 'string',
      value: 'FILE',
      help: 'add, replace-administrators: that post’s key; without it, one is made in --home.',
    },
    possession: POSSESSION_OPTION,
    'valid-days': VALID_DAYS_OPTION,
  },
  examples: [
    'rabta agency add fia --jurisdiction PK --ceiling SECRET --as nacta/coordinator',
    'rabta agency suspend ctd-gb --as nacta/coordinator --key root.pem',
    'rabta agency replace-administrators ctd-gb --administrator administrator-2',
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
  const { given, who } = entering
  const [home] = jurisdictionsFrom(text(given, 'jurisdiction'))
  if (home === undefined) throw new UsageError('--jurisdiction is missing')
  const ceiling = {
    classification: classificationFrom(text(given, 'ceiling')),
    jurisdictions: jurisdictionsFrom(optionalText(given, 'jurisdictions') ?? home),
  }
  const first = await firstAdministrator(entering, agency)
  const change = { type: 'AgencyAdded', agency, home, ceiling, ...first } as const
  const exit = await enter(entering, () => change, homePaths(who.home).rootKey)
  sayNext(entering, first.administrator)
  return exit
}

/** Only of a suspended agency: everybody sees that its administrators are not those it had. */
async function replaceAdministrators(entering: Entering, agency: AgencyId): Promise<ExitCode> {
  const { io, who } = entering
  const first = await firstAdministrator(entering, agency)
  const change = { type: 'AdministratorsReplaced', agency, ...first } as const
  const exit = await enter(entering, () => change, homePaths(who.home).rootKey)
  io.say(`then rabta agency resume ${agency}, and:\n`)
  sayNext(entering, first.administrator)
  return exit
}

const firstAdministrator = async ({ given, io, who }: Entering, agency: AgencyId) => {
  const administrator = principalId(agency, text(given, 'administrator'))
  if (administrator === null) {
    throw new UsageError('--administrator must be a post’s name, as administrator is')
  }
  const own = homePaths(who.home).agency(agency)
  const { key, possession } = await newKey(
    {
      algorithm: 'Ed25519',
      owner: { agency, principal: administrator, usage: 'directory_signing' },
      from: optionalText(given, 'administrator-key'),
      possession: optionalText(given, 'possession'),
      path: (keyId) => pathBeside(own.administratorKey, own.newKey('directory_signing', keyId)),
      isDry: flag(given, 'dry-run'),
    },
    io,
  )
  const validToMs = who.session.clock.nowMs() + count(given, 'valid-days') * DAY_MS
  return { administrator, administratorKey: key, possession, validToMs }
}

const sayNext = ({ io }: Entering, administrator: PrincipalId): void => {
  io.say(`next, ${administrator} enters its key to call with:\n`)
  io.say(`  rabta key add --usage authentication --principal ${administrator}\n`)
}

const DAY_MS = 86_400_000
