/** A setting that is not what it should be: says which, and what it should be. */
export class SettingInvalid extends Error {
  override readonly name = 'SettingInvalid'
}

export type Environment = Readonly<Record<string, string | undefined>>

/** Who reads settings: the services, all of them in one process, and the command line. */
export const READERS = ['hub', 'gateway', 'router', 'audit', 'cli'] as const
export type Reader = (typeof READERS)[number]
export const isReader = (name: string): name is Reader => READERS.some((one) => one === name)

/** What a value may be. */
export interface Kind<T> {
  /** As it follows «must be». */
  readonly limits: string
  /** Undefined: not within the limits. */
  readonly parse: (text: string) => T | undefined
}

/** One setting, by the name of its variable. A variable that is empty is one that is not set. */
export interface Setting<T> extends Kind<T> {
  readonly means: string
  readonly readers: readonly Reader[]
  /** What counts where it is not set; `''`: none, which reads as null; null: it must be set. */
  readonly otherwise: string | null | Readonly<Partial<Record<Reader, string | null>>>
  /** Of one that must be set. */
  readonly example?: string
  /** Never shown. Secrets belong into files of mode 0600; this is for what cannot be. */
  readonly isSecret?: boolean
}

export const anyText: Kind<string> = { limits: 'any text', parse: (text) => text }

export const path: Kind<string> = { limits: 'a path', parse: (text) => text }

/** Words by commas. */
export const listOf = <T>({ limits, parse }: Kind<T>): Kind<readonly T[]> => ({
  limits: `${limits}; more of them by commas`,
  parse: (text) => {
    const items = text.split(',').map(parse)
    return items.every((item) => item !== undefined) ? items : undefined
  },
})

export const wholeNumber = (min: number, max: number): Kind<number> => ({
  limits: `a whole number, ${min} to ${max}`,
  parse: (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    return value >= min && value <= max ? value : undefined
  },
})

export const matching = (pattern: RegExp, limits: string): Kind<string> => ({
  limits,
  parse: (text) => (pattern.test(text) ? text : undefined),
})

/** One of a closed set. */
export const oneOf = <const T extends string>(values: readonly T[]): Kind<T> => ({
  limits: values.join(' or '),
  parse: (text) => values.find((value) => value === text),
})

export const yesOrNo: Kind<boolean> = {
  limits: 'yes or no',
  parse: (text) => (text === 'yes' || text === 'no' ? text === 'yes' : undefined),
}

export const webAddress: Kind<string> = {
  limits: 'an http or https address',
  parse: (text) => (/^https?:\/\/[^\s/]+/.test(text) ? text : undefined),
}

export interface ListenAddress {
  readonly host: string
  readonly port: number
}

export const hostAndPort: Kind<ListenAddress> = {
  limits: 'HOST:PORT',
  parse: (text) => {
    const [, host, port] = /^([^\s,]+):(\d{1,5})$/.exec(text) ?? []
    if (host === undefined || Number(port) > 65_535) return undefined
    return { host, port: Number(port) }
  },
}
