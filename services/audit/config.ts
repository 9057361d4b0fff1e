import { type KafkaSettings, kafkaFrom } from '#core/kafka-settings.ts'
import { type PlaceSettings, placeFrom } from '#core/place-settings.ts'
import type { Environment } from '#core/setting.ts'
import { settingsOf } from '#core/settings.ts'

export interface AuditConfig extends PlaceSettings {
  readonly kafka: KafkaSettings
  readonly policyFolders: readonly string[]
  readonly audit: AuditSettings
}

/** What only an audit service is told. */
export interface AuditSettings {
  /** How long after one checkpoint the next may come at the earliest. */
  readonly checkpointEveryMs: number
  /** Files with checkpoints of this log that a restored one must still agree with. */
  readonly savedCheckpointFiles: readonly string[]
}

export const readEnv = (): Environment => process.env

/** Throws SettingInvalid. */
export const configFrom = (env: Environment): AuditConfig => ({
  ...placeFrom('audit', env),
  kafka: kafkaFrom(env),
  policyFolders: settingsOf('audit', env)('RABTA_POLICY') ?? [],
  audit: settingsFrom(env),
})

/** Throws SettingInvalid. */
export const settingsFrom = (env: Environment): AuditSettings => {
  const read = settingsOf('audit', env)
  return {
    checkpointEveryMs: read('RABTA_CHECKPOINT_EVERY_MS'),
    savedCheckpointFiles: read('RABTA_SAVED_CHECKPOINTS') ?? [],
  }
}

export const DEFAULT_SETTINGS: AuditSettings = settingsFrom({})
