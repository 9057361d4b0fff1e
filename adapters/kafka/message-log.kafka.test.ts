import { randomUUID } from 'node:crypto'
import { kafkaClient } from '#adapters/kafka/client.ts'
import { openKafkaLog } from '#adapters/kafka/message-log.ts'
import { startKafka, withKafka } from '#tests/containers.ts'
import { messageLogContract } from '#tests/contracts/message-log.ts'

await withKafka(() => {
  messageLogContract('the Kafka log', async () => {
    const kafka = await startKafka()
    const options = { brokers: kafka.brokers, clientId: 'rabta-test', replicationFactor: 1 }
    return {
      open: () => openKafkaLog(options),
      uniqueTopic: () => `test.${randomUUID()}`,
      loseBefore: async (topic, offset) => {
        const admin = kafkaClient(options).admin()
        await admin.connect()
        await admin.fetchTopicOffsets(topic)
        const partitions = [{ partition: 0, offset: `${offset}` }]
        await admin.deleteTopicRecords({ topic, partitions })
        await admin.disconnect()
      },
      dispose: () => kafka.stop(),
    }
  })
})
