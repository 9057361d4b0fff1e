import { type GatewaySettings, gatewaySettingsFrom } from '#core/gateway-settings.ts'
import { type PlaceSettings, placeFrom } from '#core/place-settings.ts'
import type { Environment } from '#core/setting.ts'

export interface HubConfig extends PlaceSettings {
  readonly gateway?: GatewaySettings
}

export const readEnv = (): Environment => process.env

/** Throws SettingInvalid. */
export const configFrom = (env: Environment): HubConfig => ({
  ...placeFrom('hub', env),
  gateway: gatewaySettingsFrom(env),
})
