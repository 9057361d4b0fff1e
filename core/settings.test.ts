import { describe, expect, test } from 'vitest'
import { placeFrom } from '#core/place-settings.ts'
import { type Setting, SettingInvalid } from '#core/setting.ts'
import { isSettingName, otherwiseOf, SETTINGS, settingsOf } from '#core/settings.ts'

const ROWS = Object.entries<Setting<unknown>>(SETTINGS)

describe('the table of settings', () => {
  test.each(ROWS)('%s has what counts without it within its own limits', (name, setting) => {
    if (!isSettingName(name)) throw new RangeError(name)
    expect(setting.readers.length).toBeGreaterThan(0)
    for (const reader of setting.readers) {
      const otherwise = otherwiseOf(name, reader)
      if (otherwise === null) expect(setting.parse(setting.example ?? '')).toBeDefined()
      else if (otherwise !== '') expect(setting.parse(otherwise)).toBeDefined()
    }
  })

  test('gives one reader another default than another', () => {
    expect(settingsOf('audit', {})('RABTA_LISTEN').port).toBe(8_701)
    expect(settingsOf('router', {})('RABTA_LISTEN').port).toBe(8_702)
  })

  test('takes a variable that is empty for one that is not set', () => {
    const read = settingsOf('gateway', { RABTA_KAFKA_REPLICATION: '', RABTA_KAFKA_USER: '' })
    expect(read('RABTA_KAFKA_REPLICATION')).toBe(3)
    expect(read('RABTA_KAFKA_USER')).toBeNull()
    expect(() => read('RABTA_HOME')).toThrow('RABTA_HOME is not set; for example RABTA_HOME=./data')
  })
})

describe('where a service listens', () => {
  const at = (listen: string, more = {}) =>
    placeFrom('hub', { RABTA_HOME: '.', RABTA_LISTEN: listen, ...more }).listen

  test('is this machine alone, unless a proxy stands in front', () => {
    expect(at('127.0.0.1:0')).toEqual({ host: '127.0.0.1', port: 0 })
    expect(at('[::1]:8700')).toEqual({ host: '::1', port: 8_700 })
    expect(() => at('0.0.0.0:8700')).toThrow('not this machine alone')
    expect(() => at('127.0.0.1.evil.example:8700')).toThrow('not this machine alone')
    expect(at('0.0.0.0:8700', { RABTA_BEHIND_PROXY: 'yes' }).host).toBe('0.0.0.0')
  })

  test('is an address with a port', () => {
    for (const text of ['8700', 'host', 'host:', ':80', 'host:65536', 'a b:80']) {
      expect(() => at(text), text).toThrow(SettingInvalid)
    }
    for (const text of ['true', 'constructor', 'YES']) {
      expect(() => at('127.0.0.1:1', { RABTA_BEHIND_PROXY: text }), text).toThrow('yes or no')
    }
  })
})
