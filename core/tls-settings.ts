import { type Environment, type Reader, SettingInvalid } from '#core/setting.ts'
import { settingsOf } from '#core/settings.ts'

/** Which certificate of a client is wanted at the handshake. */
export type ClientCertificates = 'none' | 'requested' | 'required'

/** PEM files with which a service speaks TLS. */
export interface TlsSettings {
  readonly certificateFile: string
  readonly keyFile: string
  /** Of the authority whose certificates of clients are taken; null: none are asked for. */
  readonly clientAuthorityFile: string | null
  readonly clientCertificates: ClientCertificates
}

/** Null when no certificate is set: then the service speaks in the clear. Throws SettingInvalid. */
export const tlsFrom = (reader: Reader, env: Environment): TlsSettings | null => {
  const read = settingsOf(reader, env)
  const certificateFile = read('RABTA_TLS_CERTIFICATE')
  const keyFile = read('RABTA_TLS_KEY')
  const clientAuthorityFile = read('RABTA_TLS_CLIENT_CA')
  const wanted = read('RABTA_TLS_CLIENT_CERTIFICATE')
  if (wanted !== null && clientAuthorityFile === null) {
    throw new SettingInvalid('RABTA_TLS_CLIENT_CERTIFICATE needs RABTA_TLS_CLIENT_CA')
  }
  if (certificateFile === null && keyFile === null && clientAuthorityFile === null) return null
  if (certificateFile === null || keyFile === null) {
    throw new SettingInvalid('TLS needs both RABTA_TLS_CERTIFICATE and RABTA_TLS_KEY')
  }
  const clientCertificates = clientAuthorityFile === null ? 'none' : (wanted ?? 'required')
  return { certificateFile, keyFile, clientAuthorityFile, clientCertificates }
}
