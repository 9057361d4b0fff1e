import {
  type Environment,
  type ListenAddress,
  listenFrom,
  required,
  yesOrNo,
} from '#core/settings.ts'

export interface HubConfig {
  /** The folder that `rabta init` made. */
  readonly home: string
  readonly listen: ListenAddress
}

export const readEnv = (): Environment => process.env

/** Throws SettingInvalid. */
export const configFrom = (env: Environment): HubConfig => ({
  home: required(env, 'RABTA_HOME', './data'),
  listen: listenFrom(
    'RABTA_LISTEN',
    env['RABTA_LISTEN'] ?? '127.0.0.1:8700',
    yesOrNo(env, 'RABTA_BEHIND_PROXY'),
  ),
})
