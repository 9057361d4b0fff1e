import { randomBytes } from '#adapters/crypto/random.ts'
import { homePaths } from '#adapters/files/home.ts'
import {
  addSealKeys,
  destroySealKey,
  laterSealKeys,
  readSealFile,
  type SealFile,
} from '#adapters/files/seal-file.ts'
import {
  type Command,
  EXIT,
  type ExitCode,
  type Given,
  type Io,
  UsageError,
} from '#clients/cli/command.ts'
import { flag, text } from '#clients/cli/identity.ts'
import { LIMITS } from '#core/limits.ts'
import { REALMS } from '#core/realm.ts'
import { sealKeyIdFrom } from '#core/seal-key.ts'

const ABOUT = { list: 0, 'add-months': 1, destroy: 1 } as const
const isAbout = (name: string): name is keyof typeof ABOUT => Object.hasOwn(ABOUT, name)

export const sealCommand: Command = {
  name: 'seal',
  summary:
    'The keys under which alerts lie on disk: list them, make the next months’, destroy one.',
  words: 'list | add-months N | destroy KEY-ID',
  firstWords: Object.keys(ABOUT),
  wordsMin: 1,
  wordsMax: 2,
  options: {
    home: {
      type: 'string',
      value: 'DIR',
      help: 'The hub’s home.',
      default: './data',
      setting: 'RABTA_HOME',
    },
    yes: { type: 'boolean', help: 'destroy: what was sealed with it is never read again.' },
    json: { type: 'boolean', help: 'list: print JSON for programs.' },
  },
  examples: [
    'rabta seal list --home /srv/rabta',
    'rabta seal add-months 12 --home /srv/rabta',
    'rabta seal destroy live.SECRET.2026-11.1 --yes --home /srv/rabta',
  ],
  run: async (given, io) => {
    const [name = '', word] = given.words
    if (!isAbout(name) || (word === undefined ? 0 : 1) !== ABOUT[name]) {
      throw new UsageError(`rabta seal takes ${sealCommand.words}`)
    }
    const folder = homePaths(text(given, 'home')).seal
    if (name === 'list') return list(given, io, folder)
    return name === 'destroy' ? destroy(given, io, folder) : addMonths(given, io, folder)
  },
}

const filesIn = async (folder: string): Promise<readonly SealFile[]> => {
  const files = await Promise.all(REALMS.map((realm) => readSealFile(folder, realm)))
  const there = files.filter((file) => file !== null)
  if (there.length === 0) throw new UsageError(`there are no seal keys in ${folder}`)
  return there
}

/** Ids only: nothing here ever shows a key. */
const list = async (given: Given, io: Io, folder: string): Promise<ExitCode> => {
  const files = await filesIn(folder)
  const ids = files.flatMap(({ keys }) => keys.map(({ id }) => sealKeyIdFrom(id)))
  const there = ids.filter((id) => id !== null)
  const series = Map.groupBy(there, ({ realm, classification }) => `${realm} ${classification}`)
  const rows = [...series].map(([name, some]) => {
    const months = some.map(({ month }) => month).toSorted()
    return { series: name, from: months[0], to: months.at(-1), keys: some.length }
  })
  const destroyed = files.flatMap((file) => file.destroyed)
  if (flag(given, 'json')) io.out(`${JSON.stringify({ series: rows, destroyed }, null, 2)}\n`)
  else {
    for (const row of rows) io.out(`${row.series}  ${row.from} to ${row.to}, ${row.keys} keys\n`)
    for (const id of destroyed) io.out(`${id}  destroyed\n`)
  }
  return EXIT.ok
}

const addMonths = async (given: Given, io: Io, folder: string): Promise<ExitCode> => {
  const months = Number(given.words[1])
  if (!(Number.isSafeInteger(months) && months >= 1 && months <= LIMITS.sealMonthsAheadMax)) {
    throw new UsageError(`add-months takes 1 to ${LIMITS.sealMonthsAheadMax}`)
  }
  const files = await filesIn(folder)
  const keys = files.flatMap((file) => laterSealKeys(file, { months, random: randomBytes }))
  await addSealKeys(folder, keys)
  io.out(`${keys.length} keys were added in ${folder}\n`)
  io.say(NEXT)
  return EXIT.ok
}

const destroy = async (given: Given, io: Io, folder: string): Promise<ExitCode> => {
  const id = given.words[1] ?? ''
  if (!flag(given, 'yes')) {
    throw new UsageError(`what was sealed with ${id} can never be read again: say --yes`)
  }
  const isNew = await destroySealKey(folder, id)
  io.out(isNew ? `${id} is destroyed here\n` : `${id} was destroyed before\n`)
  io.say(`${NEXT}then destroy it in every copy of these files: the backups’ too\n`)
  return EXIT.ok
}

const NEXT = 'next: the same files to every gateway and router, and SIGHUP, or a restart, to each\n'
