import type { RedisServer } from '#core/redis-url.ts'
import { type Environment, SettingInvalid } from '#core/setting.ts'
import { settingsOf } from '#core/settings.ts'

/** The Redis server in which the guards of several gateways meet. */
export interface GuardSettings extends RedisServer {
  /** Path of a file of mode 0600. */
  readonly passwordFile: string | null
  /** Path of a PEM file with the authority of the server's certificate; null: those of the system. */
  readonly ca: string | null
  /** Comes before every key. */
  readonly prefix: string
  /** How long an answer is waited for. */
  readonly answerMsMax: number
  /** How many gateways there are. */
  readonly gateways: number
}

/** Null when the guard is this process's own. Throws SettingInvalid. */
export const guardFrom = (env: Environment): GuardSettings | null => {
  const read = settingsOf('gateway', env)
  const server = read('RABTA_GUARD_REDIS_URL')
  if (server === null) return null
  const ca = read('RABTA_GUARD_REDIS_TLS_CA')
  if (ca !== null && !server.isEncrypted) {
    throw new SettingInvalid('RABTA_GUARD_REDIS_TLS_CA is for a RABTA_GUARD_REDIS_URL of rediss://')
  }
  return {
    ...server,
    passwordFile: read('RABTA_GUARD_REDIS_PASSWORD_FILE'),
    ca,
    prefix: read('RABTA_GUARD_REDIS_PREFIX'),
    answerMsMax: read('RABTA_GUARD_ANSWER_MS'),
    gateways: read('RABTA_GUARD_SHARE'),
  }
}
