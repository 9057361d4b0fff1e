import { homePaths, readFederation } from '#adapters/files/home.ts'
import { didYouMean } from '#clients/cli/did-you-mean.ts'
import { kafkaFrom } from '#core/kafka-settings.ts'
import { placeFrom } from '#core/place-settings.ts'
import { type Environment, type Reader, type Setting, SettingInvalid } from '#core/setting.ts'
import { isSettingName, otherwiseOf, SETTINGS, type SettingName } from '#core/settings.ts'

/** One setting as some readers have it, fit to be shown. */
export interface SeenSetting {
  readonly name: string
  /** Null where there is none. A secret is masked. */
  readonly value: string | null
  readonly source: 'flag' | 'environment' | 'default' | 'missing'
  readonly readers: readonly Reader[]
  readonly means: string
  readonly limits: string
  /** Why the value cannot be used. */
  readonly fault: string | null
}

/** The settings of these readers. Where a default differs by reader, one line for each default. */
export const seenSettings = (
  env: Environment,
  flags: ReadonlyMap<string, string>,
  readers: readonly Reader[],
): readonly SeenSetting[] =>
  Object.entries<Setting<unknown>>(SETTINGS).flatMap(([name, setting]) => {
    const concerned = setting.readers.filter((one) => readers.includes(one))
    if (!isSettingName(name) || concerned.length === 0) return []
    const at = { env, flags, name }
    const groups = Map.groupBy(concerned, (reader) => JSON.stringify(textFor(reader, at)))
    return [...groups.values()].map((group) => seen(group, at))
  })

interface At {
  readonly env: Environment
  readonly flags: ReadonlyMap<string, string>
  readonly name: SettingName
}

/** What a reader reads, and from where. Flags are the command line's own. */
const textFor = (reader: Reader, { env, flags, name }: At) => {
  const flag = reader === 'cli' ? flags.get(name) : undefined
  if (flag !== undefined) return { text: flag, source: 'flag' } as const
  const set = env[name]
  if (set) return { text: set, source: 'environment' } as const
  const text = otherwiseOf(name, reader)
  return { text, source: text === null ? 'missing' : 'default' } as const
}

const seen = (readers: readonly Reader[], at: At): SeenSetting => {
  const { means, limits, parse, isSecret = false }: Setting<unknown> = SETTINGS[at.name]
  const { text, source } = textFor(readers[0] ?? 'cli', at)
  const isWrong = text !== null && text !== '' && parse(text) === undefined
  return {
    name: at.name,
    value: text === null || text === '' ? null : isSecret ? MASK : withoutPasswords(text),
    source,
    readers,
    means,
    limits,
    fault: isWrong ? `must be ${limits}` : null,
  }
}

const MASK = '••••••'

/** An address may carry a password: `redis://user:password@host`. */
const withoutPasswords = (text: string): string =>
  text.replaceAll(/(\w:\/\/)[^\s/]*@/g, `$1${MASK}@`)

/** A line for each variable that looks like a setting and is none. Its value may be a secret. */
export const strangeSettings = (env: Environment): readonly string[] =>
  Object.keys(env)
    .filter((name) => name.startsWith('RABTA_') && !isSettingName(name))
    .map((name) => `${name} is no setting${didYouMean(name, Object.keys(SETTINGS))}`)

/** Why a service could not start with these settings taken together; null when it could. */
export const wholeFault = (reader: Reader, env: Environment): string | null => {
  if (reader === 'cli') return null
  try {
    placeFrom(reader, env)
    if (reader !== 'hub') kafkaFrom(env)
    return null
  } catch (error) {
    if (error instanceof SettingInvalid) return error.message
    throw error
  }
}

/** What `federation.json` of a home says; null when there is none. */
export const readFederationIfThere = async (home: string) => {
  try {
    const values = Object.entries(await readFederation(home))
    return { path: homePaths(home).federation, values }
  } catch {
    // No home is no fault of the settings; `rabta doctor` looks into it.
    return null
  }
}
