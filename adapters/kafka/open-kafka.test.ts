import { expect, test } from 'vitest'
import { eventsAsAlarms } from '#adapters/kafka/open-kafka.ts'
import type { Alarm } from '#core/alarm.ts'

const listen = () => {
  const alarms: Alarm[] = []
  const time = { nowMs: 0 }
  const tell = eventsAsAlarms(
    (alarm) => alarms.push(alarm),
    () => time.nowMs,
  )
  return { alarms, time, tell }
}

test('what is wrong with a broker is an alarm, what is merely informative is none', () => {
  const { alarms, tell } = listen()
  tell({ level: 'info', message: 'connected' })
  tell({ level: 'error', message: 'Connection error', broker: '127.0.0.1:9092' })
  tell({ level: 'warn', message: 'cannot append', topic: 'access' })
  expect(alarms).toEqual([
    { what: 'broker-trouble', why: '127.0.0.1:9092: Connection error' },
    { what: 'broker-trouble', why: 'cannot append', topic: 'access' },
  ])
})

test('the same is told again after ten seconds, something else at once', () => {
  const { alarms, time, tell } = listen()
  for (const nowMs of [0, 1, 9_999, 10_000, 10_001]) {
    time.nowMs = nowMs
    tell({ level: 'error', message: 'Connection error' })
  }
  tell({ level: 'error', message: 'Closed connection' })
  expect(alarms.map(({ why }) => why)).toEqual([
    'Connection error',
    'Connection error',
    'Closed connection',
  ])
})
