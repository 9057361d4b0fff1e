import type { Kind } from '#core/setting.ts'

export interface RedisServer {
  readonly host: string
  readonly port: number
  readonly database: number
  readonly user: string | null
  /** By TLS: `rediss://`. */
  readonly isEncrypted: boolean
}

const DEFAULT_PORT = 6_379
const PROTOCOLS = ['redis:', 'rediss:']

/** A password in an address is read by all who list a machine's processes: it belongs in a file. */
export const redisUrl: Kind<RedisServer> = {
  limits: '`redis://` or `rediss://` and `[USER@]HOST[:PORT][/DATABASE]`, without a password',
  parse: (text) => {
    const url = URL.parse(text)
    const [, database] = /^\/?(\d{0,3})$/.exec(url?.pathname ?? '-') ?? []
    if (!url || database === undefined || !PROTOCOLS.includes(url.protocol)) return undefined
    const { hostname, password, username, search, hash } = url
    if (hostname === '' || password !== '' || search !== '' || hash !== '') return undefined
    return {
      host: hostname.replaceAll(/[[\]]/g, ''),
      port: url.port === '' ? DEFAULT_PORT : Number(url.port),
      database: Number(database),
      user: username === '' ? null : username,
      isEncrypted: url.protocol === 'rediss:',
    }
  },
}
