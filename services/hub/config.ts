import { type PlaceSettings, placeFrom } from '#core/place-settings.ts'
import type { Environment } from '#core/setting.ts'

export type HubConfig = PlaceSettings

export const readEnv = (): Environment => process.env

/** Throws SettingInvalid. */
export const configFrom = (env: Environment): HubConfig => placeFrom('hub', env)
