import { expect, test } from 'vitest'
import { kafkaFrom } from '#core/kafka-settings.ts'
import { SettingInvalid } from '#core/setting.ts'

const BROKERS = { RABTA_KAFKA_BROKERS: 'a:9092,b:9092' }
const CA = { RABTA_KAFKA_TLS_CA: '/etc/kafka/ca.pem' }

test('three replicas, no prefix and no encryption are what is meant where nothing is said', () => {
  expect(kafkaFrom(BROKERS)).toEqual({
    brokers: ['a:9092', 'b:9092'],
    replicationFactor: 3,
    topicPrefix: '',
    tls: null,
  })
})

test('a service is known by a certificate, by a password, or by both', () => {
  const certificate = {
    RABTA_KAFKA_TLS_CERTIFICATE: '/etc/kafka/gateway.pem',
    RABTA_KAFKA_TLS_KEY: '/etc/kafka/gateway.key',
  }
  const user = { RABTA_KAFKA_USER: 'gateway', RABTA_KAFKA_PASSWORD_FILE: '/run/secrets/gateway' }
  const client = { certificate: '/etc/kafka/gateway.pem', key: '/etc/kafka/gateway.key' }
  const name = { name: 'gateway', passwordFile: '/run/secrets/gateway' }
  const tls = (env: Record<string, string>) => kafkaFrom({ ...BROKERS, ...CA, ...env }).tls
  const ca = '/etc/kafka/ca.pem'
  expect(tls({})).toEqual({ ca, client: null, user: null })
  expect(tls(certificate)).toEqual({ ca, client, user: null })
  expect(tls(user)).toEqual({ ca, client: null, user: name })
  expect(tls({ ...certificate, ...user })).toEqual({ ca, client, user: name })
})

test('what is half said, or would be said in the clear, is refused', () => {
  const wrong = {
    'RABTA_KAFKA_BROKERS is not set': { RABTA_KAFKA_BROKERS: '' },
    'must be HOST:PORT': { RABTA_KAFKA_BROKERS: 'a:9092,b' },
    'a whole number, 1 to': { RABTA_KAFKA_REPLICATION: '0' },
    'letters, digits': { RABTA_KAFKA_TOPIC_PREFIX: 'a b' },
    'RABTA_KAFKA_TLS_KEY belong together': { ...CA, RABTA_KAFKA_TLS_CERTIFICATE: '/a' },
    'RABTA_KAFKA_PASSWORD_FILE belong together': { ...CA, RABTA_KAFKA_USER: 'a' },
    'RABTA_KAFKA_TLS_CA is not set': {
      RABTA_KAFKA_USER: 'a',
      RABTA_KAFKA_PASSWORD_FILE: '/a',
    },
  }
  for (const [why, env] of Object.entries(wrong)) {
    const make = () => kafkaFrom({ ...BROKERS, ...env })
    expect(make, why).toThrow(SettingInvalid)
    expect(make, why).toThrow(why)
  }
})
