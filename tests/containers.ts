import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'vitest'

/** A broker for tests. Whoever starts it stops it, in an `afterAll`. */
export interface TestKafka {
  readonly brokers: readonly string[]
  /** Faults; absent when the broker is not ours (`RABTA_TEST_KAFKA_BROKERS`). */
  readonly faults?: {
    /** As power fails: nothing is told, nothing is flushed. Resolves when it answers again. */
    killAndStart(): Promise<void>
    pause(): Promise<void>
    resume(): Promise<void>
  }
  stop(): Promise<void>
}

const NO_KAFKA =
  'no Kafka to test against: start a container engine (.ci/engine.sh, .ci/images.sh) ' +
  'or set RABTA_TEST_KAFKA_BROKERS'

/** Registers tests that need Kafka. Where there is none they are skipped, in CI they fail. */
export const withKafka = async (register: () => void): Promise<void> => {
  if (givenBrokers() !== undefined || (await containerEngine())) return register()
  if (process.env['CI']) {
    test('a broker is there', () => {
      throw new Error(NO_KAFKA)
    })
    return
  }
  process.stderr.write(`skipped: ${NO_KAFKA}\n`)
  test.skip(NO_KAFKA, () => undefined)
}

/** Whether a container engine answers. */
export const containerEngine = async (): Promise<boolean> => {
  const { getContainerRuntimeClient } = await import('testcontainers')
  return getContainerRuntimeClient().then(
    () => true,
    () => false,
  )
}

export const startKafka = async (): Promise<TestKafka> => {
  const brokers = givenBrokers()
  return brokers === undefined ? startKafkaContainer() : { brokers, stop: async () => undefined }
}

const givenBrokers = (): readonly string[] | undefined =>
  process.env['RABTA_TEST_KAFKA_BROKERS']?.split(',')

const startKafkaContainer = async (): Promise<TestKafka> => {
  const { GenericContainer, getContainerRuntimeClient, Wait } = await import('testcontainers')
  // Chosen here and not by the engine, which would publish another one after a restart.
  const port = await freePort()
  const started = await new GenericContainer(
    process.env['RABTA_KAFKA_IMAGE'] ?? 'apache/kafka:4.3.1',
  )
    .withLabels({ 'rabta-test': 'kafka' })
    .withEnvironment(brokerEnvironment(port))
    .withExposedPorts({ container: 9092, host: port })
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .withStartupTimeout(60_000)
    .start()
  const runtime = await getContainerRuntimeClient()
  const container = runtime.container.getById(started.getId())
  const brokers = [`127.0.0.1:${port}`]
  return {
    brokers,
    faults: {
      killAndStart: async () => {
        await container.kill()
        await started.restart()
      },
      pause: () => container.pause(),
      resume: () => container.unpause(),
    },
    stop: async () => {
      await started.stop({ timeout: 0 })
    },
  }
}

/** One node that is broker and controller, as the image apache/kafka is told it too. */
const brokerEnvironment = (port: number): Record<string, string> => ({
  KAFKA_HEAP_OPTS: '-Xms256m -Xmx512m',
  KAFKA_NODE_ID: '1',
  KAFKA_PROCESS_ROLES: 'broker,controller',
  KAFKA_LISTENERS: 'CLIENTS://:9092,BROKERS://:9094,CONTROLLER://:9093',
  // The broker also talks to itself, and inside the container the published port is not there.
  KAFKA_ADVERTISED_LISTENERS: `CLIENTS://127.0.0.1:${port},BROKERS://localhost:9094`,
  KAFKA_INTER_BROKER_LISTENER_NAME: 'BROKERS',
  KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
  KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CLIENTS:PLAINTEXT,BROKERS:PLAINTEXT,CONTROLLER:PLAINTEXT',
  KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
  KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
  KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
  KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
  KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
  KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR: '1',
  KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR: '1',
  KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
  // A killed broker may come back only after this.
  KAFKA_BROKER_SESSION_TIMEOUT_MS: '3000',
  KAFKA_BROKER_HEARTBEAT_INTERVAL_MS: '500',
})

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
