import { type Environment, SettingInvalid } from '#core/setting.ts'
import { type SettingName, settingsOf } from '#core/settings.ts'

/** The Kafka cluster in which services that run apart from one another meet. */
export interface KafkaSettings {
  readonly brokers: readonly string[]
  readonly replicationFactor: number
  /** Comes before the name of every topic; empty where the cluster is the federation's alone. */
  readonly topicPrefix: string
  /** Null: in the clear, by anyone. */
  readonly tls: KafkaTls | null
}

/** Paths of PEM files, and of a password. */
export interface KafkaTls {
  /** The authorities that the brokers' certificates come from. */
  readonly ca: string
  /** What this service shows to the brokers, where they know services by certificates. */
  readonly client: { readonly certificate: string; readonly key: string } | null
  /** Who this service is, where they know services by SCRAM-SHA-512. */
  readonly user: { readonly name: string; readonly passwordFile: string } | null
}

/** The same for every service. Throws SettingInvalid. */
export const kafkaFrom = (env: Environment): KafkaSettings => {
  const read = settingsOf('gateway', env)
  return {
    brokers: read('RABTA_KAFKA_BROKERS'),
    replicationFactor: read('RABTA_KAFKA_REPLICATION'),
    topicPrefix: read('RABTA_KAFKA_TOPIC_PREFIX') ?? '',
    tls: tlsFrom(env),
  }
}

const tlsFrom = (env: Environment): KafkaTls | null => {
  const client = pairFrom(env, 'RABTA_KAFKA_TLS_CERTIFICATE', 'RABTA_KAFKA_TLS_KEY')
  const user = pairFrom(env, 'RABTA_KAFKA_USER', 'RABTA_KAFKA_PASSWORD_FILE')
  const ca = settingsOf('gateway', env)('RABTA_KAFKA_TLS_CA')
  if (ca === null) {
    if (client === null && user === null) return null
    throw new SettingInvalid('RABTA_KAFKA_TLS_CA is not set: who is known must not be in the clear')
  }
  return {
    ca,
    client: client && { certificate: client[0], key: client[1] },
    user: user && { name: user[0], passwordFile: user[1] },
  }
}

/** Both of two settings, or neither. */
const pairFrom = (
  env: Environment,
  one: SettingName,
  other: SettingName,
): readonly [string, string] | null => {
  const [a = '', b = ''] = [env[one], env[other]]
  if (a === '' && b === '') return null
  if (a === '' || b === '') throw new SettingInvalid(`${one} and ${other} belong together`)
  return [a, b]
}
