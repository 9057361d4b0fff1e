import { type KafkaSettings, kafkaFrom } from '#core/kafka-settings.ts'
import {
  type Environment,
  type ListenAddress,
  listenFrom,
  required,
  yesOrNo,
} from '#core/settings.ts'

export interface GatewayConfig {
  /** The folder that `rabta init` made. */
  readonly home: string
  readonly kafka: KafkaSettings
  readonly listen: ListenAddress
}

export const readEnv = (): Environment => process.env

/** Throws SettingInvalid. */
export const configFrom = (env: Environment): GatewayConfig => ({
  home: required(env, 'RABTA_HOME', './data'),
  kafka: kafkaFrom(env),
  listen: listenFrom(
    'RABTA_LISTEN',
    env['RABTA_LISTEN'] ?? '127.0.0.1:8700',
    yesOrNo(env, 'RABTA_BEHIND_PROXY'),
  ),
})
