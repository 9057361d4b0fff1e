import { type GuardSettings, guardFrom } from '#core/guard-settings.ts'
import type { Urgent } from '#core/precedence.ts'
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
  /** How long after its acceptance an alert should have been acknowledged; 0: no matter. */
  readonly acknowledgeMs: Readonly<Record<Urgent, number>>
  /** None: the policy that comes with the program. */
  readonly policyFolders: readonly string[]
}

/** Throws SettingInvalid. */
export const gatewaySettingsFrom = (env: Environment): GatewaySettings => ({
  guard: guardFrom(env),
  rates: { ...RATES, ...Object.fromEntries(settingsOf('gateway', env)('RABTA_RATES') ?? []) },
  isBehindProxy: settingsOf('gateway', env)('RABTA_BEHIND_PROXY'),
  diskFreeBytesMin: settingsOf('gateway', env)('RABTA_DISK_FREE_MIN_MIB') * MIB,
  acknowledgeMs: {
    FLASH: settingsOf('gateway', env)('RABTA_ACKNOWLEDGE_FLASH_SECONDS') * 1_000,
    IMMEDIATE: settingsOf('gateway', env)('RABTA_ACKNOWLEDGE_IMMEDIATE_SECONDS') * 1_000,
  },
  policyFolders: settingsOf('gateway', env)('RABTA_POLICY') ?? [],
})

const MIB = 1_048_576

export const DEFAULT_GATEWAY_SETTINGS: GatewaySettings = gatewaySettingsFrom({})
