import { type KafkaSettings, kafkaFrom } from '#core/kafka-settings.ts'
import { LIMITS } from '#core/limits.ts'
import {
  type Environment,
  type ListenAddress,
  listenFrom,
  required,
  SettingInvalid,
  yesOrNo,
} from '#core/settings.ts'

export interface AuditConfig {
  /** The folder that `rabta init` made. */
  readonly home: string
  readonly kafka: KafkaSettings
  readonly listen: ListenAddress
  readonly audit: AuditSettings
}

/** What only an audit service is told. */
export interface AuditSettings {
  /** How long after one checkpoint the next may come at the earliest. */
  readonly checkpointEveryMs: number
  /** Files with checkpoints of this log that a restored one must still agree with. */
  readonly savedCheckpointFiles: readonly string[]
}

export const DEFAULT_SETTINGS: AuditSettings = {
  checkpointEveryMs: 200,
  savedCheckpointFiles: [],
}

export const readEnv = (): Environment => process.env

/** Throws SettingInvalid. */
export const configFrom = (env: Environment): AuditConfig => ({
  home: required(env, 'RABTA_HOME', './data'),
  kafka: kafkaFrom(env),
  listen: listenFrom(
    'RABTA_LISTEN',
    env['RABTA_LISTEN'] ?? '127.0.0.1:8701',
    yesOrNo(env, 'RABTA_BEHIND_PROXY'),
  ),
  audit: settingsFrom(env),
})

/** Throws SettingInvalid. */
export const settingsFrom = (env: Environment): AuditSettings => ({
  checkpointEveryMs: intervalFrom(env['RABTA_CHECKPOINT_EVERY_MS']),
  savedCheckpointFiles: (env['RABTA_SAVED_CHECKPOINTS'] ?? '').split(',').filter((file) => file),
})

const INTERVAL_MS_MIN = 10

const intervalFrom = (text: string | undefined): number => {
  if (text === undefined) return DEFAULT_SETTINGS.checkpointEveryMs
  const ms = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (ms >= INTERVAL_MS_MIN && ms <= LIMITS.checkpointMsMax) return ms
  const range = `${INTERVAL_MS_MIN} to ${LIMITS.checkpointMsMax}`
  throw new SettingInvalid(`RABTA_CHECKPOINT_EVERY_MS must be ${range}`)
}
