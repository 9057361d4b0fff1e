import { describe, expect, test } from 'vitest'
import { configFrom, DEFAULT_SETTINGS, settingsFrom } from '#services/audit/config.ts'

const NEEDED = { RABTA_HOME: './data', RABTA_KAFKA_BROKERS: '127.0.0.1:9092' }

describe('the configuration of an audit service', () => {
  test('has defaults for all but the home and the brokers', () => {
    const config = configFrom(NEEDED)
    expect(config).toMatchObject({ home: './data', listen: { host: '127.0.0.1', port: 8_701 } })
    expect(config.audit).toEqual(DEFAULT_SETTINGS)
  })

  test('takes an interval that keeps checkpoints within a second', () => {
    expect(settingsFrom({ RABTA_CHECKPOINT_EVERY_MS: '1000' }).checkpointEveryMs).toBe(1_000)
    for (const text of ['1001', '9', '-1', '1e3', 'fast']) {
      const make = () => settingsFrom({ RABTA_CHECKPOINT_EVERY_MS: text })
      expect(make, text).toThrow('RABTA_CHECKPOINT_EVERY_MS must be a whole number, 10 to 1000')
    }
  })

  test('takes saved checkpoints by their files', () => {
    const { savedCheckpointFiles } = settingsFrom({ RABTA_SAVED_CHECKPOINTS: 'a.txt,b.txt' })
    expect(savedCheckpointFiles).toEqual(['a.txt', 'b.txt'])
  })
})
