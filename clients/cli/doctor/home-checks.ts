import { existsSync, readdirSync, statSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { homePaths, readDirectorySeed, readFederation } from '#adapters/files/home.ts'
import { isLoose } from '#adapters/files/key-file.ts'
import { openSeal } from '#adapters/files/seal.ts'
import { EXIT } from '#clients/cli/command.ts'
import { attempted, type Finding, fail, ok, skip, warn } from '#clients/cli/doctor/finding.ts'
import { seededDirectory } from '#clients/cli/seeded-directory.ts'
import { CLASSIFICATIONS } from '#core/classification.ts'
import { LIMITS } from '#core/limits.ts'
import { REALMS } from '#core/realm.ts'
import { sealKeysRunOutMs } from '#core/seal-key.ts'

/** What can be said of a home without any hub. Each part of it may be elsewhere. */
export const homeFindings = async (home: string, nowMs: number): Promise<readonly Finding[]> => [
  await attempted('home', `name it with --home, or make one: rabta init ${home}`, async () => {
    const { federation, logName } = await readFederation(home)
    return ok('home', `${home} is of «${federation}», whose log is ${logName}`)
  }),
  await attempted('genesis', 'get directory.seed and genesisDigest from a person you know', () =>
    genesis(home),
  ),
  await attempted('key files', 'make them readable by you', async () => keyFiles(home)),
  await attempted('hub keys', 'see docs/operations.md for what each service needs', async () =>
    hubKeys(home),
  ),
  await attempted('seal keys', 'restore hub/seal from its backup', () => sealKeys(home, nowMs)),
  await attempted('disk', 'free some space', () => disk(home)),
]

/** Whether the directory that the home brings along begins with the entry that it pins. */
const genesis = async (home: string): Promise<Finding> => {
  const seed = await readDirectorySeed(home)
  if (seed.length === 0)
    return skip('genesis', 'no directory.seed here: the hub brings the entries')
  const { sequence } = await seededDirectory(home)
  if (sequence === seed.length - 1) {
    return ok('genesis', `directory.seed begins with the pinned entry; all ${seed.length} verify`)
  }
  const what =
    sequence < 0
      ? 'directory.seed does not begin with the entry whose digest federation.json pins'
      : `entry ${sequence + 1} of directory.seed has no authority`
  return fail('genesis', what, 'ask who gave you these files', EXIT.unverified)
}

const keyFiles = (home: string): Finding => {
  const files = ['root', 'hub', 'agencies'].flatMap((folder) => filesUnder(join(home, folder)))
  if (files.length === 0) return warn('key files', 'no keys here', 'name your folder with --home')
  const loose = files.filter((path) => isLoose(statSync(path).mode, process.platform))
  if (loose.length === 0) return ok('key files', `${files.length}, each its owner’s alone`)
  const [first = ''] = loose
  const others = loose.length === 1 ? '' : ` and ${loose.length - 1} more`
  return fail(
    'key files',
    `others than its owner can use ${first}${others}`,
    `chmod 600 ${loose.slice(0, 5).join(' ')}; treat the keys as stolen if others could log in`,
    EXIT.usage,
  )
}

const filesUnder = (folder: string): readonly string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
    : []

const hubKeys = (home: string): Finding => {
  const { tokenKey, logKey, cursorKey, searchKey } = homePaths(home)
  if (!existsSync(join(home, 'hub'))) return skip('hub keys', 'no hub/ here: a client’s home')
  const all = { tokenKey, logKey, cursorKey, searchKey }
  const missing = Object.values(all).filter((path) => !existsSync(path))
  if (missing.length === 0) return ok('hub keys', 'token, log, cursor and search key are there')
  return warn('hub keys', `without ${missing.join(', ')}`, 'well, if no service here needs them')
}

const DAY_MS = 86_400_000

const sealKeys = async (home: string, nowMs: number): Promise<Finding> => {
  const { seal: folder } = homePaths(home)
  if (!existsSync(folder)) return skip('seal keys', 'no hub/seal here')
  const seal = await openSeal(folder)
  const series = REALMS.flatMap((realm) =>
    CLASSIFICATIONS.map((classification) => ({ realm, classification })),
  )
  const days = Math.floor((sealKeysRunOutMs(seal, series, nowMs) - nowMs) / DAY_MS)
  const what = `for each realm and level for ${days} days`
  if (days > LIMITS.doctorSealDaysMin) return ok('seal keys', what)
  const remedy = 'rabta seal add-months 12; then hub/seal to every gateway and router, and SIGHUP'
  return days > 0 ? warn('seal keys', what, remedy) : fail('seal keys', 'they have run out', remedy)
}

const disk = async (home: string): Promise<Finding> => {
  const { bavail, bsize } = await statfs(home)
  const bytes = bavail * bsize
  const what = `${(bytes / 2 ** 30).toFixed(1)} GiB free`
  if (bytes >= LIMITS.doctorDiskFreeBytesMin) return ok('disk', what)
  return warn('disk', what, 'free some space: a hub that cannot write a record releases nothing')
}
