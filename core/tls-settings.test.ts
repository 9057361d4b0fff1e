import { expect, test } from 'vitest'
import { placeFrom } from '#core/place-settings.ts'
import { SettingInvalid } from '#core/setting.ts'

const PAIR = { RABTA_TLS_CERTIFICATE: 'hub.crt', RABTA_TLS_KEY: 'hub.key' }
const from = (env: Record<string, string>) => placeFrom('hub', { RABTA_HOME: '.', ...env })

test('without a certificate a service speaks in the clear, to this machine', () => {
  expect(from({})).toEqual({ home: '.', listen: { host: '127.0.0.1', port: 8_700 }, tls: null })
  expect(() => from({ RABTA_LISTEN: '0.0.0.0:8700' })).toThrow(SettingInvalid)
})

test('with one, or behind a proxy, it listens beyond this machine', () => {
  expect(from({ RABTA_LISTEN: '0.0.0.0:443', ...PAIR })).toEqual({
    home: '.',
    listen: { host: '0.0.0.0', port: 443 },
    tls: {
      certificateFile: 'hub.crt',
      keyFile: 'hub.key',
      clientAuthorityFile: null,
      clientCertificates: 'none',
    },
  })
  expect(from({ RABTA_LISTEN: '0.0.0.0:80', RABTA_BEHIND_PROXY: 'yes' }).tls).toBeNull()
})

test('an authority of clients makes their certificates required, or requested when said', () => {
  const authority = { RABTA_TLS_CLIENT_CA: 'clients.crt' }
  expect(from({ ...PAIR, ...authority }).tls).toMatchObject({
    clientAuthorityFile: 'clients.crt',
    clientCertificates: 'required',
  })
  const requested = { ...PAIR, ...authority, RABTA_TLS_CLIENT_CERTIFICATE: 'requested' }
  expect(from(requested).tls?.clientCertificates).toBe('requested')
})

test.each([
  [{ RABTA_TLS_CERTIFICATE: 'hub.crt' }],
  [{ RABTA_TLS_KEY: 'hub.key' }],
  [{ RABTA_TLS_CLIENT_CA: 'clients.crt' }],
  [{ ...PAIR, RABTA_TLS_CLIENT_CERTIFICATE: 'required' }],
  [{ ...PAIR, RABTA_TLS_CLIENT_CA: 'c.crt', RABTA_TLS_CLIENT_CERTIFICATE: 'optional' }],
])('half of a configuration is none: %o', (env) => {
  expect(() => from({ ...env })).toThrow(SettingInvalid)
})
