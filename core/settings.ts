import { LIMITS } from '#core/limits.ts'
import { isPrincipalId } from '#core/principal.ts'
import { rateSetting } from '#core/rates.ts'
import { REALMS } from '#core/realm.ts'
import { redisUrl } from '#core/redis-url.ts'
import {
  anyText,
  type Environment,
  hostAndPort,
  listOf,
  matching,
  oneOf,
  path,
  type Reader,
  type Setting,
  SettingInvalid,
  webAddress,
  wholeNumber,
  yesOrNo,
} from '#core/setting.ts'

const SERVICES = ['hub', 'gateway', 'router', 'audit'] as const
/** Services as processes of their own, which meet in Kafka. */
const ON_KAFKA = ['gateway', 'router', 'audit'] as const
const WITH_GATEWAY = ['hub', 'gateway'] as const

/**
 * Every setting there is: a new one is a row. `docs/operations.md` shows this table, made by
 * `npm run settings`, and `rabta config` what it comes to.
 */
export const SETTINGS = {
  RABTA_HOME: {
    readers: [...SERVICES, 'cli'],
    otherwise: { hub: null, gateway: null, router: null, audit: null, cli: './data' },
    example: './data',
    means: 'the folder that `rabta init` made: keys, pinned genesis, views, data',
    ...path,
  },
  RABTA_LISTEN: {
    readers: SERVICES,
    otherwise: {
      hub: '127.0.0.1:8700',
      gateway: '127.0.0.1:8700',
      audit: '127.0.0.1:8701',
      router: '127.0.0.1:8702',
    },
    means: 'where it listens; the router serves its health there and nothing else',
    ...hostAndPort,
  },
  RABTA_BEHIND_PROXY: {
    readers: SERVICES,
    otherwise: 'no',
    means: '`yes`: listen beyond this machine, because a proxy in front brings TLS',
    ...yesOrNo,
  },
  RABTA_TLS_CERTIFICATE: {
    readers: SERVICES,
    otherwise: '',
    means: 'PEM file of the service’s certificate, with those between it and its authority',
    ...path,
  },
  RABTA_TLS_KEY: {
    readers: SERVICES,
    otherwise: '',
    means: 'PEM file of the key to `RABTA_TLS_CERTIFICATE`, its owner’s alone',
    ...path,
  },
  RABTA_TLS_CLIENT_CA: {
    readers: SERVICES,
    otherwise: '',
    means: 'PEM file of the authority of clients’ certificates: turns mutual TLS on',
    ...path,
  },
  RABTA_TLS_CLIENT_CERTIFICATE: {
    readers: SERVICES,
    otherwise: '',
    means:
      'whether a client must bring a certificate, `required` if not said, or may, `requested`; needs `RABTA_TLS_CLIENT_CA`',
    ...oneOf(['required', 'requested']),
  },
  RABTA_KAFKA_BROKERS: {
    readers: ON_KAFKA,
    otherwise: null,
    example: '127.0.0.1:9092',
    means: 'where the Kafka cluster is',
    ...listOf(matching(/^[^\s:]+:\d{1,5}$/, 'HOST:PORT')),
  },
  RABTA_KAFKA_REPLICATION: {
    readers: ON_KAFKA,
    otherwise: '3',
    means: 'brokers that hold each topic',
    ...wholeNumber(1, LIMITS.kafkaReplicationMax),
  },
  RABTA_KAFKA_TOPIC_PREFIX: {
    readers: ON_KAFKA,
    otherwise: '',
    means: 'before every topic’s name, in a cluster that is shared',
    ...matching(/^[A-Za-z0-9._-]{1,100}$/, 'up to 100 letters, digits and . _ -'),
  },
  RABTA_KAFKA_TLS_CA: {
    readers: ON_KAFKA,
    otherwise: '',
    means: 'PEM file of the authority of the brokers’ certificates; without it all is in the clear',
    ...path,
  },
  RABTA_KAFKA_TLS_CERTIFICATE: {
    readers: ON_KAFKA,
    otherwise: '',
    means: 'PEM file of this service’s own certificate; needs its key',
    ...path,
  },
  RABTA_KAFKA_TLS_KEY: {
    readers: ON_KAFKA,
    otherwise: '',
    means: 'PEM file of the key to `RABTA_KAFKA_TLS_CERTIFICATE`',
    ...path,
  },
  RABTA_KAFKA_USER: {
    readers: ON_KAFKA,
    otherwise: '',
    means: 'who this service is to the brokers, by SCRAM-SHA-512; needs its password',
    ...anyText,
  },
  RABTA_KAFKA_PASSWORD_FILE: {
    readers: ON_KAFKA,
    otherwise: '',
    means: 'file with the password of `RABTA_KAFKA_USER`',
    ...path,
  },
  RABTA_GUARD_REDIS_URL: {
    readers: WITH_GATEWAY,
    otherwise: '',
    means: 'the Redis server in which several gateways share rate limits and single-use marks',
    isSecret: true,
    ...redisUrl,
  },
  RABTA_GUARD_REDIS_PASSWORD_FILE: {
    readers: WITH_GATEWAY,
    otherwise: '',
    means: 'file with the password for `RABTA_GUARD_REDIS_URL`',
    ...path,
  },
  RABTA_GUARD_REDIS_TLS_CA: {
    readers: WITH_GATEWAY,
    otherwise: '',
    means: 'PEM file of the authority of that server’s certificate; without it the system’s own',
    ...path,
  },
  RABTA_GUARD_REDIS_PREFIX: {
    readers: WITH_GATEWAY,
    otherwise: 'rabta:',
    means: 'before every key there; the same for all gateways of a federation',
    ...matching(/^[\w:.-]{1,100}$/, 'up to 100 letters, digits and : . _ -'),
  },
  RABTA_GUARD_ANSWER_MS: {
    readers: WITH_GATEWAY,
    otherwise: `${LIMITS.guardAnswerMs}`,
    means: 'how long its answer is waited for, in milliseconds, before it counts as gone',
    ...wholeNumber(1, LIMITS.guardAnswerMsMax),
  },
  RABTA_GUARD_SHARE: {
    readers: WITH_GATEWAY,
    otherwise: '1',
    means: 'how many gateways share it: each allows that part of a rate while it is gone',
    ...wholeNumber(1, LIMITS.guardGatewaysMax),
  },
  RABTA_RATES: {
    readers: WITH_GATEWAY,
    otherwise: '',
    means: 'rates that are to be otherwise than docs/operations.md lists',
    ...listOf(rateSetting),
  },
  RABTA_DISK_FREE_MIN_MIB: {
    readers: WITH_GATEWAY,
    otherwise: '256',
    means: 'no alert is taken with less room than this on the disk of `RABTA_HOME`, in MiB',
    ...wholeNumber(0, LIMITS.diskFreeMibMax),
  },
  RABTA_ACKNOWLEDGE_FLASH_SECONDS: {
    readers: WITH_GATEWAY,
    otherwise: '300',
    means:
      'each agency that a FLASH alert reaches is reminded when it has not acknowledged it this long after it was accepted; 0: never',
    ...wholeNumber(0, LIMITS.acknowledgeSecondsMax),
  },
  RABTA_ACKNOWLEDGE_IMMEDIATE_SECONDS: {
    readers: WITH_GATEWAY,
    otherwise: '1800',
    means: 'the same for an IMMEDIATE alert',
    ...wholeNumber(0, LIMITS.acknowledgeSecondsMax),
  },
  RABTA_POLICY: {
    readers: ['hub', 'gateway', 'audit'],
    otherwise: '',
    means: 'policy folders; that which the directory has activated decides; without it, `policy/`',
    ...listOf(path),
  },
  RABTA_CHECKPOINT_EVERY_MS: {
    readers: ['audit'],
    otherwise: '200',
    means: 'at most this long between checkpoints while records come, in milliseconds',
    ...wholeNumber(LIMITS.checkpointMsMin, LIMITS.checkpointMsMax),
  },
  RABTA_SAVED_CHECKPOINTS: {
    readers: ['audit'],
    otherwise: '',
    means: 'files with checkpoints that the log must still agree with',
    ...listOf(path),
  },
  RABTA_AS: {
    readers: ['cli'],
    otherwise: '',
    means: 'who asks: the principal of `--as`',
    limits: 'AGENCY/NAME',
    parse: (text) => (isPrincipalId(text) ? text : undefined),
  },
  RABTA_CA: {
    readers: ['cli'],
    otherwise: '',
    means: 'PEM file of the authority of the hub’s certificate',
    ...path,
  },
  RABTA_CLIENT_CERTIFICATE: {
    readers: ['cli'],
    otherwise: '',
    means: 'PEM file of the caller’s certificate, where the hub wants one',
    ...path,
  },
  RABTA_CLIENT_KEY: {
    readers: ['cli'],
    otherwise: '',
    means: 'PEM file of the key to `RABTA_CLIENT_CERTIFICATE`, its owner’s alone',
    ...path,
  },
  RABTA_REALM: {
    readers: ['cli'],
    otherwise: 'live',
    means: 'in which realm',
    ...oneOf(REALMS),
  },
  RABTA_GATEWAY: {
    readers: ['cli'],
    otherwise: 'http://127.0.0.1:8700',
    means: 'where the gateway is; in the clear on this machine only',
    ...webAddress,
  },
  RABTA_AUDIT: {
    readers: ['cli'],
    otherwise: '',
    means: 'where the audit service is; without it, at the gateway’s address',
    ...webAddress,
  },
  RABTA_KAFKA_IMAGE: {
    readers: ['cli'],
    otherwise: 'apache/kafka:4.3.1',
    means: 'the image that `rabta demo --log=kafka` starts where no broker is named',
    ...anyText,
  },
  NO_COLOR: {
    readers: ['cli'],
    otherwise: '',
    means: 'set to anything: no bold type; none is used where the output is no terminal',
    ...anyText,
  },
} as const satisfies Readonly<Record<string, Setting<unknown>>>

export type SettingName = keyof typeof SETTINGS
export const isSettingName = (name: string): name is SettingName => Object.hasOwn(SETTINGS, name)

type Parsed<N extends SettingName> = Exclude<ReturnType<(typeof SETTINGS)[N]['parse']>, undefined>
/** What a setting reads as. */
export type SettingValue<N extends SettingName> = (typeof SETTINGS)[N]['otherwise'] extends ''
  ? Parsed<N> | null
  : Parsed<N>

/** What counts for a reader where nothing is set; null when it must be set. */
export const otherwiseOf = (name: SettingName, reader: Reader): string | null => {
  const { otherwise }: Setting<unknown> = SETTINGS[name]
  return typeof otherwise === 'object' ? (otherwise?.[reader] ?? null) : otherwise
}

/** Reads settings as one reader has them. Reading throws SettingInvalid. */
export const settingsOf =
  (reader: Reader, env: Environment) =>
  <N extends SettingName>(name: N): SettingValue<N> => {
    const { parse, limits, example }: Setting<unknown> = SETTINGS[name]
    const text = env[name] || otherwiseOf(name, reader)
    if (text === null)
      throw new SettingInvalid(`${name} is not set; for example ${name}=${example}`)
    const value = text === '' ? null : parse(text)
    if (value === undefined) throw new SettingInvalid(`${name} must be ${limits}`)
    return value as SettingValue<N>
  }
