import { type KafkaSettings, kafkaFrom } from '#core/kafka-settings.ts'
import { type PlaceSettings, placeFrom } from '#core/place-settings.ts'
import type { Environment } from '#core/setting.ts'

export interface RouterConfig extends PlaceSettings {
  readonly kafka: KafkaSettings
}

export const readEnv = (): Environment => process.env

/** Throws SettingInvalid. */
export const configFrom = (env: Environment): RouterConfig => ({
  ...placeFrom('router', env),
  kafka: kafkaFrom(env),
})
