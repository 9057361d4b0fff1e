import { type GuardSettings, guardFrom } from '#core/guard-settings.ts'
import type { Environment } from '#core/setting.ts'

/** What only a gateway is told, by itself or in a hub. */
export interface GatewaySettings {
  /** Null: the guard is this process's own. */
  readonly guard: GuardSettings | null
}

/** Throws SettingInvalid. */
export const gatewaySettingsFrom = (env: Environment): GatewaySettings => ({
  guard: guardFrom(env),
})

export const DEFAULT_GATEWAY_SETTINGS: GatewaySettings = gatewaySettingsFrom({})
