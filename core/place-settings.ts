import { type Environment, type ListenAddress, type Reader, SettingInvalid } from '#core/setting.ts'
import { settingsOf } from '#core/settings.ts'
import { type TlsSettings, tlsFrom } from '#core/tls-settings.ts'

/** What every service is told. */
export interface PlaceSettings {
  /** The folder that `rabta init` made. */
  readonly home: string
  readonly listen: ListenAddress
  /** Left out, or null: it speaks in the clear. */
  readonly tls?: TlsSettings | null
}

const LOOPBACK = /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|localhost|\[::1\])$/

/**
 * The hub listens on this machine alone, unless it has TLS or the operator says that a proxy in
 * front brings it. Throws SettingInvalid.
 */
export const placeFrom = (reader: Reader, env: Environment): PlaceSettings => {
  const read = settingsOf(reader, env)
  const home = read('RABTA_HOME')
  const { host, port } = read('RABTA_LISTEN')
  const tls = tlsFrom(reader, env)
  const isBehindProxy = read('RABTA_BEHIND_PROXY')
  if (!LOOPBACK.test(host) && tls === null && !isBehindProxy) {
    throw new SettingInvalid(
      `RABTA_LISTEN: ${host} is not this machine alone; set RABTA_TLS_CERTIFICATE and RABTA_TLS_KEY, or RABTA_BEHIND_PROXY=yes if a proxy with TLS stands in front`,
    )
  }
  return { home, listen: { host: host.replaceAll(/[[\]]/g, ''), port }, tls }
}
