import { type GuardSettings, guardFrom } from '#core/guard-settings.ts'
import { RATES, type Rates } from '#core/rates.ts'
import type { Environment } from '#core/setting.ts'
import { settingsOf } from '#core/settings.ts'

/** What only a gateway is told, by itself or in a hub. */
export interface GatewaySettings {
  /** Null: the guard is this process's own. */
  readonly guard: GuardSettings | null
  readonly rates: Rates
  readonly isBehindProxy: boolean
  readonly diskFreeBytesMin: number
  /** None: the policy that comes with the program. */
  readonly policyFolders: readonly string[]
}

/** Throws SettingInvalid. */
export const gatewaySettingsFrom = (env: Environment): GatewaySettings => ({
  guard: guardFrom(env),
  rates: { ...RATES, ...Object.fromEntries(settingsOf('gateway', env)('RABTA_RATES') ?? []) },
  isBehindProxy: settingsOf('gateway', env)('RABTA_BEHIND_PROXY'),
  diskFreeBytesMin: settingsOf('gateway', env)('RABTA_DISK_FREE_MIN_MIB') * MIB,
  policyFolders: settingsOf('gateway', env)('RABTA_POLICY') ?? [],
})

const MIB = 1_048_576

export const DEFAULT_GATEWAY_SETTINGS: GatewaySettings = gatewaySettingsFrom({})
