import { type Environment, type ListenAddress, type Reader, SettingInvalid } from '#core/setting.ts'
import { settingsOf } from '#core/settings.ts'

/** What every service is told. */
export interface PlaceSettings {
  /** The folder that `rabta init` made. */
  readonly home: string
  readonly listen: ListenAddress
}

const LOOPBACK = /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|localhost|\[::1\])$/

/**
 * Without transport security the hub listens on this machine alone, unless the operator says that
 * a proxy in front brings it. Throws SettingInvalid.
 */
export const placeFrom = (reader: Reader, env: Environment): PlaceSettings => {
  const read = settingsOf(reader, env)
  const home = read('RABTA_HOME')
  const { host, port } = read('RABTA_LISTEN')
  const isBehindProxy = read('RABTA_BEHIND_PROXY')
  if (!LOOPBACK.test(host) && !isBehindProxy) {
    throw new SettingInvalid(
      `RABTA_LISTEN: ${host} is not this machine alone; set RABTA_BEHIND_PROXY=yes if a proxy with TLS stands in front`,
    )
  }
  return { home, listen: { host: host.replaceAll(/[[\]]/g, ''), port } }
}
