import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { openCedarPolicy } from '#adapters/cedar/policy.ts'
import { readPolicyFolder } from '#adapters/cedar/policy-folder.ts'
import { homePaths } from '#adapters/files/home.ts'
import {
  type Command,
  EXIT,
  type ExitCode,
  type Given,
  type Io,
  UsageError,
} from '#clients/cli/command.ts'
import { kafkaOf, LOG_OPTIONS } from '#clients/cli/commands/fsck.ts'
import { ENTER_OPTIONS, enter } from '#clients/cli/enter.ts'
import { count, flag, identityFrom, text } from '#clients/cli/identity.ts'
import { checkPolicy, type PolicyCheck } from '#clients/cli/policy-check.ts'
import { diffInWords, diffJson, diffOverHome } from '#clients/cli/policy-diff.ts'
import { table } from '#clients/cli/table.ts'
import { HubRefusal } from '#clients/sdk/errors.ts'
import { publishedPolicy } from '#clients/sdk/policy.ts'
import type { Session } from '#clients/sdk/session.ts'
import { fromHex, hex, utf8 } from '#core/bytes.ts'
import { decisionRowsFrom } from '#core/decision-rows.ts'
import { LIMITS } from '#core/limits.ts'
import type { PolicyFiles } from '#core/policy-files.ts'
import type { Policy } from '#core/ports/policy.ts'

const ABOUT = {
  show: { run: show, takes: 0 },
  check: { run: check, takes: 1 },
  activate: { run: activate, takes: 1 },
  diff: { run: diff, takes: 2 },
} as const
const isAbout = (name: string): name is keyof typeof ABOUT => Object.hasOwn(ABOUT, name)

export const policyCommand: Command = {
  name: 'policy',
  summary:
    'The release rules: show those in force, check others, activate them, and say what they change.',
  words: 'show | check DIR | activate DIR | diff OLD NEW',
  firstWords: Object.keys(ABOUT),
  wordsMin: 1,
  wordsMax: 3,
  options: {
    ...ENTER_OPTIONS,
    rows: {
      type: 'string',
      value: 'FILE',
      help: 'check: decisions made by hand that the policy must make too.',
      default: 'schemas/vectors/decisions.json',
    },
    last: {
      type: 'string',
      value: 'N',
      help: 'diff: how many of the last access records are asked again.',
      default: '10000',
    },
    quiet: { type: 'boolean', help: 'diff: no progress.' },
    ...LOG_OPTIONS,
  },
  examples: [
    'rabta policy show --as ctd-kp/security-officer',
    'rabta policy check ./policy-next',
    'rabta policy activate ./policy-next --key root.pem --as nacta/coordinator',
    'rabta policy diff ./policy ./policy-next --home /srv/rabta --last 100000',
  ],
  run: async (given, io) => {
    const [name = '', ...words] = given.words
    if (!isAbout(name) || words.length !== ABOUT[name].takes) {
      throw new UsageError(`rabta policy takes ${policyCommand.words}`)
    }
    const [folder = '', other = ''] = words
    return ABOUT[name].run(given, io, folder, other)
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

/** Over the home's or the cluster's log, beside the hub; a digest is asked of the hub. */
async function diff(given: Given, io: Io, old: string, next: string): Promise<ExitCode> {
  const home = text(given, 'home')
  const last = count(given, 'last')
  if (last < 1 || last > LIMITS.policyDiffRecordsMax) {
    throw new UsageError(`--last must be 1 to ${LIMITS.policyDiffRecordsMax}`)
  }
  const [before, after] = [await policyNamed(given, old), await policyNamed(given, next)]
  const place = { kafka: kafkaOf(given), io: flag(given, 'quiet') ? null : io }
  const found = await diffOverHome(home, place, { before, after, last, signal: given.signal })
  const policies = { before, after }
  io.out(flag(given, 'json') ? diffJson(found, policies) : diffInWords(found, policies))
  return found.changed.length + found.unlike.length === 0 ? EXIT.ok : EXIT.notAll
}

const policyNamed = async (given: Given, name: string): Promise<Policy> => {
  const digest = existsSync(name) ? null : fromHex(name)
  if (digest?.length !== 32) return openCedarPolicy({ files: await readPolicyFolder(name) })
  const files = await heldBy((await identityFrom(given)).session, digest)
  if (files === null) throw new UsageError(`the gateway does not hold ${name}`)
  return openCedarPolicy({ files: Object.fromEntries(files.map((one) => [one.name, one.text])) })
}
