import { type Environment, type KafkaSettings, kafkaFrom, required } from '#core/settings.ts'

export interface RouterConfig {
  /** The folder that `rabta init` made. */
  readonly home: string
  readonly kafka: KafkaSettings
}

export const readEnv = (): Environment => process.env

/** Throws SettingInvalid. */
export const configFrom = (env: Environment): RouterConfig => ({
  home: required(env, 'RABTA_HOME', './data'),
  kafka: kafkaFrom(env),
})
