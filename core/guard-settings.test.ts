import { expect, test } from 'vitest'
import { guardFrom } from '#core/guard-settings.ts'
import { SettingInvalid } from '#core/setting.ts'

const at = (url: string, more = {}) => guardFrom({ RABTA_GUARD_REDIS_URL: url, ...more })

test('without a server the guard is the process’s own', () => {
  expect(guardFrom({})).toBeNull()
  expect(guardFrom({ RABTA_GUARD_SHARE: '4' })).toBeNull()
})

test('a server has an address, and what is not said has its default', () => {
  expect(at('redis://cache')).toEqual({
    host: 'cache',
    port: 6_379,
    database: 0,
    user: null,
    isEncrypted: false,
    passwordFile: null,
    ca: null,
    prefix: 'rabta:',
    answerMsMax: 50,
    gateways: 1,
  })
  const more = {
    RABTA_GUARD_REDIS_PASSWORD_FILE: '/run/secrets/redis',
    RABTA_GUARD_REDIS_TLS_CA: '/etc/redis/ca.pem',
    RABTA_GUARD_REDIS_PREFIX: 'kp:',
    RABTA_GUARD_ANSWER_MS: '200',
    RABTA_GUARD_SHARE: '3',
  }
  expect(at('rediss://gateway@[::1]:6380/2', more)).toEqual({
    host: '::1',
    port: 6_380,
    database: 2,
    user: 'gateway',
    isEncrypted: true,
    passwordFile: '/run/secrets/redis',
    ca: '/etc/redis/ca.pem',
    prefix: 'kp:',
    answerMsMax: 200,
    gateways: 3,
  })
})

test('a password in the address is refused, and not repeated', () => {
  const refused = ['redis://:letmein@cache', 'redis://user:letmein@cache:6379/0', 'letmein']
  for (const url of refused) {
    const message = messageOf(() => at(url))
    expect(message, url).toContain('without a password')
    expect(message, url).not.toContain('letmein')
  }
})

test('what is not such an address, share or prefix is refused', () => {
  const urls = ['cache:6379', 'http://cache', 'redis://', 'redis://cache/x', 'redis://cache?db=1']
  for (const url of urls) expect(() => at(url), url).toThrow(SettingInvalid)
  for (const share of ['0', '-1', '1.5', '1001', 'all']) {
    expect(() => at('redis://cache', { RABTA_GUARD_SHARE: share }), share).toThrow(SettingInvalid)
  }
  const prefix = { RABTA_GUARD_REDIS_PREFIX: 'a b' }
  expect(() => at('redis://cache', prefix)).toThrow(SettingInvalid)
  const ca = { RABTA_GUARD_REDIS_TLS_CA: '/ca.pem' }
  expect(() => at('redis://cache', ca)).toThrow('rediss://')
})

const messageOf = (act: () => unknown): string => {
  try {
    act()
  } catch (error) {
    if (error instanceof SettingInvalid) return error.message
  }
  throw new Error('it was not refused')
}
