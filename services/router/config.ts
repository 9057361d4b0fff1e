import { type KafkaSettings, kafkaFrom } from '#core/kafka-settings.ts'
import {
  type Environment,
  type ListenAddress,
  listenFrom,
  required,
  yesOrNo,
} from '#core/settings.ts'

export interface RouterConfig {
  /** The folder that `rabta init` made. */
  readonly home: string
  readonly kafka: KafkaSettings
  /** Where it says how it is; it serves nothing else. */
  readonly listen: ListenAddress
}

export const readEnv = (): Environment => process.env

/** Throws SettingInvalid. */
export const configFrom = (env: Environment): RouterConfig => ({
  home: required(env, 'RABTA_HOME', './data'),
  kafka: kafkaFrom(env),
  listen: listenFrom(
    'RABTA_LISTEN',
    env['RABTA_LISTEN'] ?? '127.0.0.1:8702',
    yesOrNo(env, 'RABTA_BEHIND_PROXY'),
  ),
})
