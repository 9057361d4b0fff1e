import { homePaths } from '#adapters/files/home.ts'
import { type Command, type Given, UsageError } from '#clients/cli/command.ts'
import {
  classificationFrom,
  ENTER_OPTIONS,
  enter,
  jurisdictionsFrom,
  principalFrom,
} from '#clients/cli/enter.ts'
import { identityFrom, optionalText } from '#clients/cli/identity.ts'
import { type AccessCaveat, isAccessCaveat } from '#core/caveat.ts'
import { CLASSIFICATIONS } from '#core/classification.ts'
import { AGENCY_ROLES, type AgencyRole, type PrincipalSet } from '#core/directory/entry.ts'
import type { DirectoryState, Principal } from '#core/directory/state.ts'
import { ALL_JURISDICTIONS } from '#core/jurisdiction.ts'
import { agencyOf, type PrincipalId } from '#core/principal.ts'
import { isRealm } from '#core/realm.ts'

/** What each word makes of a principal as it is; null when there is none. */
const ABOUT = {
  set: (given: Given, id: PrincipalId, was: Principal | null) => changed(given, id, was),
  suspend: (_given: Given, id: PrincipalId, was: Principal | null) => ({
    ...known(id, was),
    suspended: true,
  }),
  resume: (_given: Given, id: PrincipalId, was: Principal | null) => ({
    ...known(id, was),
    suspended: false,
  }),
} as const
const isAbout = (name: string): name is keyof typeof ABOUT => Object.hasOwn(ABOUT, name)

export const principalCommand: Command = {
  name: 'principal',
  summary: 'Add, change, suspend or resume a principal: signed with its administrator’s key.',
  words: 'set | suspend | resume AGENCY/NAME',
  firstWords: Object.keys(ABOUT),
  wordsMin: 2,
  wordsMax: 2,
  options: {
    ...ENTER_OPTIONS,
    kind: {
      type: 'string',
      help: 'set: PERSON or SYSTEM; PERSON for a new one.',
      oneOf: ['PERSON', 'SYSTEM'],
    },
    clearance: {
      type: 'string',
      value: 'LEVEL',
      help: 'set: its clearance.',
      oneOf: CLASSIFICATIONS,
    },
    jurisdictions: {
      type: 'string',
      value: 'CODE[,CODE]',
      help: 'set: what it is to see.',
      oneOf: ALL_JURISDICTIONS,
      isList: true,
    },
    caveats: { type: 'string', value: 'NAME[,NAME]', help: 'set: access caveats; «» for none.' },
    roles: {
      type: 'string',
      value: 'REALM:ROLE[,…]',
      help: 'set: publisher, subscriber, auditor, administrator; without a realm: live.',
    },
  },
  examples: [
    'rabta principal set ctd-kp/desk-2 --clearance SECRET --jurisdictions PK-KP --roles auditor',
    'rabta principal set ctd-kp/analyst --clearance RESTRICTED --as ctd-kp/administrator',
    'rabta principal suspend ctd-kp/analyst --as ctd-kp/administrator',
  ],
  run: async (given, io) => {
    const [name = '', word = ''] = given.words
    if (!isAbout(name)) throw new UsageError(`rabta principal takes ${principalCommand.words}`)
    const id = principalFrom(word)
    const who = await identityFrom(given)
    const change = (state: DirectoryState) =>
      ABOUT[name](given, id, state.principals.get(id) ?? null)
    const { administratorKey } = homePaths(who.home).agency(agencyOf(id))
    return enter({ given, io, who }, change, administratorKey)
  },
}

/** The principal whole, as an entry must say it. What root keys granted stays as it is. */
const known = (id: PrincipalId, was: Principal | null): PrincipalSet => {
  if (was === null) throw new UsageError(`the directory knows no ${id}: add it with principal set`)
  const { id: principal, roles, ...rest } = was
  const own = roles.flatMap(({ realm, role }) => (isAgencyRole(role) ? [{ realm, role }] : []))
  return { type: 'PrincipalSet', principal, ...rest, roles: own }
}

/** What is not given stays; of a new principal all must be given that opens something. */
const changed = (given: Given, id: PrincipalId, was: Principal | null): PrincipalSet => {
  const before = was && known(id, was)
  const word = (name: string): string | undefined => optionalText(given, name)
  const needed = <T>(name: string, from: (words: string) => T, old: T | undefined): T => {
    const words = word(name)
    if (words !== undefined) return from(words)
    if (old !== undefined) return old
    throw new UsageError(`${id} is new, so --${name} must be given`)
  }
  return {
    type: 'PrincipalSet',
    agency: agencyOf(id),
    principal: id,
    suspended: before?.suspended ?? false,
    kind: needed('kind', kindFrom, before?.kind ?? 'PERSON'),
    clearance: needed('clearance', classificationFrom, before?.clearance),
    jurisdictions: needed('jurisdictions', jurisdictionsFrom, before?.jurisdictions),
    caveats: needed('caveats', caveatsFrom, before?.caveats ?? []),
    roles: needed('roles', rolesFrom, before?.roles),
  }
}

const kindFrom = (word: string): PrincipalSet['kind'] => {
  if (word !== 'PERSON' && word !== 'SYSTEM') throw new UsageError('--kind is PERSON or SYSTEM')
  return word
}

const listFrom = (words: string): readonly string[] => (words === '' ? [] : words.split(','))

const caveatsFrom = (words: string): readonly AccessCaveat[] =>
  listFrom(words).map((word) => {
    if (!isAccessCaveat(word)) throw new UsageError(`«${word}» is no access caveat`)
    return word
  })

const rolesFrom = (words: string): PrincipalSet['roles'] =>
  listFrom(words).map((word) => {
    const [role = '', realm = 'live', ...rest] = word.split(':').reverse()
    if (!isAgencyRole(role) || !isRealm(realm) || rest.length > 0) {
      throw new UsageError(`«${word}» is no role, as live:subscriber is`)
    }
    return { realm, role }
  })

const isAgencyRole = (name: string): name is AgencyRole =>
  AGENCY_ROLES.some((role) => role === name)
