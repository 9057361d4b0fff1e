import { expect, test } from 'vitest'
import { openKafkaLog } from '#adapters/kafka/message-log.ts'
import { LogUnavailable } from '#core/ports/message-log.ts'

test('says which brokers do not answer, within the time it is given', async () => {
  // The port of «discard», on which nothing listens.
  const options = { brokers: ['127.0.0.1:9'], clientId: 'rabta-test', replicationFactor: 1 }
  const opening = openKafkaLog({ ...options, openMsMax: 200 })
  await expect(opening).rejects.toThrow(LogUnavailable)
  await expect(opening).rejects.toThrow('no Kafka broker answers at 127.0.0.1:9')
})
