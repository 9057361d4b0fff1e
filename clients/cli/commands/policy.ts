import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { openCedarPolicy } from '#adapters/cedar/policy.ts'
import { readPolicyFolder } from '#adapters/cedar/policy-folder.ts'
import { OWN_POLICY_FOLDER } from '#adapters/cedar/policy-folders.ts'
import { homePaths } from '#adapters/files/home.ts'
import {
  type Command,
  EXIT,
  type ExitCode,
  type Given,
  type Io,
  UsageError,
} from '#clients/cli/command.ts'
import { ENTER_OPTIONS, enter } from '#clients/cli/enter.ts'
import { flag, identityFrom, text } from '#clients/cli/identity.ts'
import { checkPolicy, type PolicyCheck } from '#clients/cli/policy-check.ts'
import { table } from '#clients/cli/table.ts'
import { HubRefusal } from '#clients/sdk/errors.ts'
import { publishedPolicy } from '#clients/sdk/policy.ts'
import type { Session } from '#clients/sdk/session.ts'
import { hex, utf8 } from '#core/bytes.ts'
import { decisionRowsFrom } from '#core/decision-rows.ts'
import type { PolicyFiles } from '#core/policy-files.ts'

const ABOUT = { show, check, activate } as const
const isAbout = (name: string): name is keyof typeof ABOUT => Object.hasOwn(ABOUT, name)

export const policyCommand: Command = {
  name: 'policy',
  summary: 'The release rules: show those in force, check others, and activate them.',
  words: 'show | check DIR | activate DIR',
  wordsMin: 1,
  wordsMax: 2,
  options: {
    ...ENTER_OPTIONS,
    rows: {
      type: 'string',
      value: 'FILE',
      help: 'check: decisions made by hand that the policy must make too.',
      default: 'schemas/vectors/decisions.json',
    },
  },
  examples: [
    'rabta policy show --as ctd-kp/security-officer',
    'rabta policy check ./policy-next',
    'rabta policy activate ./policy-next --key root.pem --as nacta/coordinator',
  ],
  run: async (given, io) => {
    const [name = '', folder, ...rest] = given.words
    const wantsFolder = name !== 'show'
    if (!isAbout(name) || rest.length > 0 || wantsFolder !== (folder !== undefined)) {
      throw new UsageError(`rabta policy takes ${policyCommand.words}`)
    }
    return ABOUT[name](given, io, folder ?? OWN_POLICY_FOLDER)
  },
}

/** The active policy by the verified directory, its texts by the gateway, held against its digest. */
async function show(given: Given, io: Io): Promise<ExitCode> {
  const { session } = await identityFrom(given)
  await session.directory.catchUp()
  const { policyDigest, sequence } = session.directory.state
  if (policyDigest === null) throw new UsageError('the directory has activated no policy')
  const files = await heldBy(session, policyDigest)
  const digest = hex(policyDigest)
  if (flag(given, 'json')) {
    const texts = files && Object.fromEntries(files.map(({ name, text }) => [name, text]))
    io.out(`${JSON.stringify({ digest, directorySequence: sequence, files: texts }, null, 2)}\n`)
    return files === null ? EXIT.notAll : EXIT.ok
  }
  io.out(`active   ${digest}, by the directory up to entry ${sequence}\n`)
  if (files === null) io.say('the gateway does not hold it, so it decides nothing\n')
  else io.out(`${table(['file', 'bytes', 'rules'], files.map(fileRow))}\n`)
  return files === null ? EXIT.notAll : EXIT.ok
}

const fileRow = ({ name, text }: PolicyFiles[number]): readonly string[] => [
  name,
  String(utf8(text).length),
  String(text.match(/^@id\(/gm)?.length ?? 0),
]

const heldBy = async (session: Session, digest: Uint8Array): Promise<PolicyFiles | null> => {
  try {
    return await publishedPolicy(session, digest)
  } catch (error) {
    if (error instanceof HubRefusal && error.code === 'not-found') return null
    throw error
  }
}

async function check(given: Given, io: Io, folder: string): Promise<ExitCode> {
  const file = text(given, 'rows')
  if (!existsSync(file)) throw new UsageError(`there is no ${file}: name one with --rows`)
  const rows = decisionRowsFrom(await readFile(file, 'utf8'))
  const checked = await checkPolicy(folder, rows, flag(given, 'json') ? null : io)
  io.out(flag(given, 'json') ? `${JSON.stringify(checked, null, 2)}\n` : checkInWords(checked))
  return checked.failed.length + checked.unneeded.length === 0 ? EXIT.ok : EXIT.notAll
}

const checkInWords = ({ digest, rules, rows, failed, unneeded }: PolicyCheck): string =>
  [
    `digest   ${digest}`,
    `rules    ${rules}, valid against the schema`,
    `rows     ${rows}, of which ${failed.length} are decided otherwise`,
    ...failed.flatMap(({ why, expected, decided }) => [
      `  DIFFERS  ${why}`,
      `    expected ${String(expected)}`,
      `    decided  ${String(decided)}`,
    ]),
    ...unneeded.map((rule) => `  UNNEEDED  ${rule}: without it every row is decided the same`),
    '',
  ].join('\n')

/** Root-signed. A policy that no node holds would close the hub, the way back included. */
async function activate(given: Given, io: Io, folder: string): Promise<ExitCode> {
  const { digest } = openCedarPolicy({ files: await readPolicyFolder(folder) })
  const who = await identityFrom(given)
  if ((await heldBy(who.session, digest)) === null) {
    throw new UsageError(
      `the gateway does not hold ${hex(digest)}: add the folder to its RABTA_POLICY first`,
    )
  }
  const change = { type: 'PolicyActivated', digest } as const
  return enter({ given, io, who }, () => change, homePaths(who.home).rootKey)
}
