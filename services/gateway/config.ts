import { type GatewaySettings, gatewaySettingsFrom } from '#core/gateway-settings.ts'
import { type KafkaSettings, kafkaFrom } from '#core/kafka-settings.ts'
import { type PlaceSettings, placeFrom } from '#core/place-settings.ts'
import type { Environment } from '#core/setting.ts'

export interface GatewayConfig extends PlaceSettings {
  readonly kafka: KafkaSettings
  readonly gateway: GatewaySettings
}

export const readEnv = (): Environment => process.env

/** Throws SettingInvalid. */
export const configFrom = (env: Environment): GatewayConfig => ({
  ...placeFrom('gateway', env),
  kafka: kafkaFrom(env),
  gateway: gatewaySettingsFrom(env),
})
