import {
  type Command,
  type Given,
  type Option,
  type Source,
  UsageError,
} from '#clients/cli/command.ts'
import { didYouMean } from '#clients/cli/did-you-mean.ts'
import type { Environment } from '#core/setting.ts'

/** What is given to a command: by its words, else by the environment, else by its defaults. All
 * that is wrong with the words is said at once. Throws UsageError. */
export const parseGiven = (
  command: Command,
  args: readonly string[],
  { env, signal }: Pick<Given, 'env' | 'signal'>,
): Given => {
  const { values, words, faults } = taken(command.options, args)
  const count = words.length
  // Behind an option that there is not, its value looks like a word.
  const isCounted = faults.length === 0
  if (isCounted && (count < command.wordsMin || count > command.wordsMax)) {
    faults.push(`rabta ${command.name} takes ${command.words || 'no words'}`)
  }
  const [first] = words
  if (command.firstWords !== undefined && first !== undefined) {
    if (!command.firstWords.includes(first)) {
      faults.push(`there is no «${first}»${didYouMean(first, command.firstWords)}`)
    }
  }
  const options: Record<string, string | boolean | undefined> = {}
  const sources: Record<string, Source> = {}
  for (const [name, option] of Object.entries(command.options)) {
    const [value, source] = resolved(option, values.get(name), env)
    options[name] = value
    sources[name] = source
    const where = source === 'environment' ? (option.setting ?? name) : `--${name}`
    const fault = typeof value === 'string' ? strangerIn(option, value) : null
    if (fault !== null) faults.push(`${where}: ${fault}`)
  }
  if (faults.length > 0) throw new UsageError(faults.join('\n  '))
  return { words, options, sources, env, signal }
}

type Taken = {
  readonly values: ReadonlyMap<string, string | boolean>
  readonly words: readonly string[]
  readonly faults: string[]
}

/** A key id may begin with `-`, and in the end with `--`: that one is given behind a `--`. */
const isOption = (arg: string): boolean => /^(?:--|-[^-]$)/.test(arg)

/** After `--` all are words. A value that looks like an option is given as `--option=--value`. */
const taken = (options: Command['options'], args: readonly string[]): Taken => {
  const values = new Map<string, string | boolean>()
  const faults: string[] = []
  const end = args.indexOf('--')
  const words: string[] = end < 0 ? [] : args.slice(end + 1)
  const rest = args.slice(0, end < 0 ? args.length : end)
  const before: string[] = []
  for (let at = 0; at < rest.length; at += 1) {
    const arg = rest[at] ?? ''
    if (!isOption(arg)) {
      before.push(arg)
      continue
    }
    const [, dashed = arg, inline] = /^([^=]*)(?:=(.*))?$/s.exec(arg) ?? []
    const name = dashed.slice(2)
    const isKnown = dashed.startsWith('--') && Object.hasOwn(options, name)
    const option = isKnown ? options[name] : undefined
    const next = inline ?? rest[at + 1]
    const hasValue = next !== undefined && (inline !== undefined || !isOption(next))
    if (option === undefined) {
      const known = [...Object.keys(options), 'help'].map((one) => `--${one}`)
      faults.push(`there is no option ${dashed}${didYouMean(dashed, known)}`)
    } else if (values.has(name)) {
      faults.push(`--${name} is given twice`)
    } else if (option.type === 'boolean') {
      if (inline !== undefined) faults.push(`--${name} takes no value`)
      values.set(name, true)
    } else if (hasValue) {
      values.set(name, next)
    } else faults.push(`--${name} wants a value: --${name} ${option.value ?? 'TEXT'}`)
    if (option?.type === 'string' && hasValue && inline === undefined) at += 1
  }
  return { values, words: [...before, ...words], faults }
}

const resolved = (
  option: Option,
  value: string | boolean | undefined,
  env: Environment,
): readonly [string | boolean | undefined, Source] => {
  if (value !== undefined) return [value, 'flag']
  const set = option.setting === undefined ? '' : (env[option.setting] ?? '')
  if (set === '') return [option.default, 'default']
  return [option.type === 'boolean' ? set === 'yes' : set, 'environment']
}

/** What is wrong with a value of a closed set; null when nothing is. */
const strangerIn = ({ oneOf, isList }: Option, value: string): string | null => {
  if (oneOf === undefined) return null
  const stranger = (isList ? value.split(',') : [value]).find((one) => !oneOf.includes(one))
  if (stranger === undefined) return null
  const suggestion = didYouMean(stranger, oneOf)
  return `«${stranger}» is not known${suggestion === '' ? `; known are ${oneOf.join(' ')}` : suggestion}`
}
