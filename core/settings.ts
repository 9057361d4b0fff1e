/** A setting that is not what it should be: says which, and what it should be. */
export class SettingInvalid extends Error {
  override readonly name = 'SettingInvalid'
}

export type Environment = Readonly<Record<string, string | undefined>>

export interface ListenAddress {
  readonly host: string
  readonly port: number
}

const LOOPBACK = /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|localhost|\[::1\])$/

/**
 * `HOST:PORT`. Without transport security the hub listens on this machine alone, unless the
 * operator says that a proxy in front brings it.
 */
export const listenFrom = (name: string, text: string, isBehindProxy: boolean): ListenAddress => {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(text) ?? []
  const number = Number(port)
  if (host === undefined || number > 65_535) {
    throw new SettingInvalid(`${name} must be HOST:PORT, such as 127.0.0.1:8700`)
  }
  if (!LOOPBACK.test(host) && !isBehindProxy) {
    throw new SettingInvalid(
      `${name}: ${host} is not this machine alone; set RABTA_BEHIND_PROXY=yes if a proxy with TLS stands in front`,
    )
  }
  return { host: host.replaceAll(/[[\]]/g, ''), port: number }
}

export const required = (env: Environment, name: string, example: string): string => {
  const value = env[name]
  if (value === undefined || value === '') {
    throw new SettingInvalid(`${name} is not set; for example ${name}=${example}`)
  }
  return value
}

/** `yes` or `no`; `no` when not set. */
export const yesOrNo = (env: Environment, name: string): boolean => {
  const value = env[name] ?? 'no'
  if (value !== 'yes' && value !== 'no') throw new SettingInvalid(`${name} must be yes or no`)
  return value === 'yes'
}
