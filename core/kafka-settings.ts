import { type Environment, required, SettingInvalid } from '#core/settings.ts'

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

/** Throws SettingInvalid. */
export const kafkaFrom = (env: Environment): KafkaSettings => {
  const brokers = required(env, 'RABTA_KAFKA_BROKERS', '127.0.0.1:9092').split(',')
  if (!brokers.every((broker) => /^[^\s:]+:\d{1,5}$/.test(broker))) {
    throw new SettingInvalid('RABTA_KAFKA_BROKERS must be HOST:PORT, more of them by commas')
  }
  const replicationFactor = Number(env['RABTA_KAFKA_REPLICATION'] ?? '3')
  if (!Number.isInteger(replicationFactor) || replicationFactor < 1) {
    throw new SettingInvalid('RABTA_KAFKA_REPLICATION must be a whole number from 1')
  }
  const topicPrefix = env['RABTA_KAFKA_TOPIC_PREFIX'] ?? ''
  if (!/^[A-Za-z0-9._-]{0,100}$/.test(topicPrefix)) {
    throw new SettingInvalid('RABTA_KAFKA_TOPIC_PREFIX may have letters, digits and . _ - only')
  }
  return { brokers, replicationFactor, topicPrefix, tls: tlsFrom(env) }
}

const tlsFrom = (env: Environment): KafkaTls | null => {
  const client = pairFrom(env, 'RABTA_KAFKA_TLS_CERTIFICATE', 'RABTA_KAFKA_TLS_KEY')
  const user = pairFrom(env, 'RABTA_KAFKA_USER', 'RABTA_KAFKA_PASSWORD_FILE')
  const ca = env['RABTA_KAFKA_TLS_CA']
  if (ca === undefined || ca === '') {
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
  one: string,
  other: string,
): readonly [string, string] | null => {
  const [a = '', b = ''] = [env[one], env[other]]
  if (a === '' && b === '') return null
  if (a === '' || b === '') throw new SettingInvalid(`${one} and ${other} belong together`)
  return [a, b]
}
