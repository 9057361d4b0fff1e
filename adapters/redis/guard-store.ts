import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import { Redis, type Result } from 'ioredis'
import { LIMITS } from '#core/limits.ts'
import type { GuardStore, Rate, Taken } from '#core/ports/guard.ts'

export interface RedisOptions {
  readonly host: string
  readonly port: number
  readonly database: number
  readonly user: string | null
  readonly password: string | null
  /** Null: in the clear. */
  readonly tls: ConnectionOptions | null
  /** Comes before every key, so that a server can be shared. */
  readonly prefix: string
}

declare module 'ioredis' {
  interface RedisCommander<Context> {
    rabtaBucket(key: string, act: Act, intervalMs: number, burst: number): Result<number, Context>
  }
}

type Act = 'take' | 'peek' | 'charge'

/** Marks and buckets in one Redis server, each with a time to live. Connects by itself, again and
 * again; what is asked meanwhile is rejected at once. */
export const openRedisGuardStore = (options: RedisOptions): GuardStore =>
  new RedisGuardStore(options)

class RedisGuardStore implements GuardStore {
  private readonly redis: Redis
  private readonly prefix: string
  /** Why there is no connection; null while there is one. */
  private trouble: string | null = null

  constructor(options: RedisOptions) {
    this.prefix = options.prefix
    this.redis = new Redis({
      host: options.host,
      port: options.port,
      db: options.database,
      ...(options.user !== null && { username: options.user }),
      ...(options.password !== null && { password: options.password }),
      ...(options.tls !== null && { tls: options.tls }),
      ...BEHAVIOUR,
      scripts: { rabtaBucket: { lua: BUCKET_SCRIPT, numberOfKeys: 1 } },
    })
    // The message alone: the error of a failed login holds the command, and so the password.
    this.redis.on('error', ({ message, name }: Error) => {
      this.trouble = message || name
    })
    this.redis.on('ready', () => {
      this.trouble = null
    })
  }

  async useOnce(key: string, ttlMs: number): Promise<boolean> {
    const name = `${this.prefix}once:${key}`
    return (await this.redis.set(name, '', 'PX', Math.max(1, Math.ceil(ttlMs)), 'NX')) === 'OK'
  }

  take(bucket: string, rate: Rate): Promise<Taken> {
    return this.bucket('take', bucket, rate)
  }

  peek(bucket: string, rate: Rate): Promise<Taken> {
    return this.bucket('peek', bucket, rate)
  }

  async charge(bucket: string, rate: Rate): Promise<void> {
    await this.bucket('charge', bucket, rate)
  }

  /** Rejects with what is wrong with the connection, which the library does not say to who asks. */
  async ping(): Promise<void> {
    try {
      await this.redis.ping()
    } catch (error) {
      throw this.trouble === null ? error : new Error(this.trouble)
    }
  }

  async close(): Promise<void> {
    this.redis.disconnect()
  }

  private async bucket(act: Act, bucket: string, { perMinute, burst }: Rate): Promise<Taken> {
    const name = `${this.prefix}bucket:${bucket}`
    const waitMs = await this.redis.rabtaBucket(name, act, 60_000 / perMinute, burst)
    return waitMs === 0 ? { allowed: true } : { allowed: false, retryAfterMs: waitMs }
  }
}

const BUCKET_SCRIPT = readFileSync(new URL('bucket.lua', import.meta.url), 'utf8')

/** How the library behaves when the server does not. */
const BEHAVIOUR = {
  // Who asks is answered by other means long before a queue would be sent.
  enableOfflineQueue: false,
  // With more, or without this, what was under way when a connection broke is sent again, or never
  // settled at all.
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  connectTimeout: LIMITS.guardConnectMsMax,
  // A server that stands still keeps its connections open: this gives them up, and with them all
  // that waits for an answer.
  socketTimeout: LIMITS.guardSilentMsMax,
  retryStrategy: (attempt: number) =>
    Math.min(50 * 2 ** Math.min(attempt, 10), LIMITS.guardRetryMs),
  disableClientInfo: true,
  protocol: 2,
} as const
