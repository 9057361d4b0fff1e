import { openCedarPolicy } from '#adapters/cedar/policy.ts'
import { readPolicyFolder } from '#adapters/cedar/policy-folder.ts'
import { OWN_POLICY_FOLDER } from '#adapters/cedar/policy-folders.ts'
import { homePaths } from '#adapters/files/home.ts'
import { type Command, EXIT, UsageError } from '#clients/cli/command.ts'
import { DEMO_FEDERATION } from '#clients/cli/demo-federation.ts'
import { foundFederation } from '#clients/cli/found-federation.ts'
import { flag, text } from '#clients/cli/identity.ts'
import { table } from '#clients/cli/table.ts'
import { writeHome } from '#clients/cli/write-home.ts'
import { hex } from '#core/bytes.ts'

/** How long the demonstration's keys are good. */
const KEY_YEARS = 2

export const initCommand: Command = {
  name: 'init',
  summary: 'Make a complete demonstration federation: eight agencies, their principals, all keys.',
  words: '[DIR]',
  wordsMin: 0,
  wordsMax: 1,
  options: {
    federation: { type: 'string', help: 'Its name.', default: 'Rabta demonstration (invented)' },
    'log-name': {
      type: 'string',
      help: 'The access log’s name, for ever: a host and path without a scheme.',
      default: 'hub.rabta.example/access',
    },
    issuer: {
      type: 'string',
      value: 'URL',
      help: 'The issuer of access tokens.',
      default: 'https://hub.rabta.example',
    },
    json: { type: 'boolean', help: 'Print JSON for programs.' },
    quiet: { type: 'boolean', help: 'Print nothing when all is well.' },
  },
  examples: ['rabta init ./data', 'rabta init /srv/rabta --log-name hub.example.gov.pk/access'],
  run: async (given, io) => {
    const home = given.words[0] ?? './data'
    const founded = await initHome(home, {
      federation: text(given, 'federation'),
      logName: text(given, 'log-name'),
      issuer: text(given, 'issuer'),
    })
    if (flag(given, 'json')) io.out(`${JSON.stringify(founded, null, 2)}\n`)
    else if (!flag(given, 'quiet')) io.out(described(founded))
    return EXIT.ok
  },
}

export interface Founded {
  readonly home: string
  readonly genesisDigest: string
  readonly entries: number
  readonly principals: readonly string[]
}

/** Makes a home with the demonstration federation. */
export const initHome = async (
  home: string,
  names: { readonly federation: string; readonly logName: string; readonly issuer: string },
): Promise<Founded> => {
  const policy = openCedarPolicy({ files: await readPolicyFolder(OWN_POLICY_FOLDER) })
  const options = {
    ...names,
    agencies: DEMO_FEDERATION,
    policyDigest: policy.digest,
    nowMs: Date.now(),
    keyYears: KEY_YEARS,
  }
  const founding = await foundFederation(options)
  try {
    await writeHome(home, founding, options)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      throw new UsageError(`${home} holds keys already; name another folder`)
    }
    throw error
  }
  return {
    home,
    genesisDigest: hex(founding.genesisDigest),
    entries: founding.entries.length,
    principals: DEMO_FEDERATION.flatMap(({ agency, principals }) =>
      principals.map(({ name }) => `${agency}/${name}`),
    ),
  }
}

const described = ({ home, genesisDigest, entries }: Founded): string => {
  const rows = DEMO_FEDERATION.flatMap(({ agency, home: jurisdiction, principals }) =>
    principals.map(({ name, clearance, roles }) => [
      `${agency}/${name}`,
      jurisdiction,
      clearance,
      roles.join(', '),
    ]),
  )
  return [
    table(['principal', 'home', 'clearance', 'roles'], rows),
    '',
    `${entries} signed directory entries; pinned genesis ${genesisDigest}`,
    `All keys are in ${home}; in a real federation ${homePaths('').agency('AGENCY').alertKey} never leaves its agency.`,
    `Start the hub with «rabta serve --home ${home}».`,
    '',
  ].join('\n')
}
