import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'vitest'
import { brokerEnvironment, freePort, kafkaImage } from '#clients/cli/demo-broker.ts'

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
  without(NO_KAFKA)
}

const NO_REDIS = 'no Redis to test against: start a container engine (.ci/engine.sh, .ci/images.sh)'

/** Registers tests that need Redis. Where there is none they are skipped, in CI they fail. */
export const withRedis = async (register: () => void): Promise<void> => {
  if (await containerEngine()) return register()
  without(NO_REDIS)
}

const without = (why: string): void => {
  if (process.env['CI']) {
    test('what these tests need is there', () => {
      throw new Error(why)
    })
    return
  }
  process.stderr.write(`skipped: ${why}\n`)
  test.skip(why, () => undefined)
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

/** A broker that tells its clients to come by the proxy at `advertised`, a port of this machine. */
export const startKafkaBehind = (advertised: number): Promise<TestKafka> =>
  startKafkaContainer(advertised)

const givenBrokers = (): readonly string[] | undefined =>
  process.env['RABTA_TEST_KAFKA_BROKERS']?.split(',')

const startKafkaContainer = async (advertised?: number): Promise<TestKafka> => {
  const { GenericContainer, getContainerRuntimeClient, Wait } = await import('testcontainers')
  // Chosen here and not by the engine, which would publish another one after a restart.
  const port = await freePort()
  const started = await new GenericContainer(kafkaImage())
    .withLabels({ 'rabta-test': 'kafka' })
    .withEnvironment({ ...brokerEnvironment(advertised ?? port), ...COMES_BACK_SOON })
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

/** A killed broker may come back only after this. */
const COMES_BACK_SOON = {
  KAFKA_BROKER_SESSION_TIMEOUT_MS: '3000',
  KAFKA_BROKER_HEARTBEAT_INTERVAL_MS: '500',
}

/** A Redis server for tests. Whoever starts it stops it, in an `afterAll`. */
export interface TestRedis {
  readonly port: number
  readonly password: string
  /** As power fails: what it held is gone. It stays away until `start`. */
  kill(): Promise<void>
  /** Resolves when it answers. */
  start(): Promise<void>
  /** It keeps its connections open and answers nothing. */
  pause(): Promise<void>
  resume(): Promise<void>
  /** What `redis-cli` answers. */
  command(...words: readonly string[]): Promise<string>
  stop(): Promise<void>
}

export const startRedis = async (): Promise<TestRedis> => {
  const { GenericContainer, getContainerRuntimeClient, Wait } = await import('testcontainers')
  const port = await freePort()
  const password = 'of-tests-only'
  const started = await new GenericContainer(process.env['RABTA_REDIS_IMAGE'] ?? 'redis:8.2')
    .withLabels({ 'rabta-test': 'redis' })
    .withCommand(['redis-server', '--bind', '0.0.0.0', '--save', '', '--requirepass', password])
    .withExposedPorts({ container: 6379, host: port })
    .withWaitStrategy(Wait.forLogMessage(/Ready to accept connections/))
    .withStartupTimeout(60_000)
    .start()
  const runtime = await getContainerRuntimeClient()
  const container = runtime.container.getById(started.getId())
  const command = async (...words: readonly string[]): Promise<string> => {
    const cli = ['redis-cli', '--no-auth-warning', '-a', password]
    const { output } = await started.exec([...cli, ...words])
    return output.trim()
  }
  return {
    port,
    password,
    kill: () => container.kill(),
    start: async () => {
      await container.start()
      // Its log says so once only, and may have before anybody listens.
      while ((await command('ping')) !== 'PONG') await sleep(50)
    },
    pause: () => container.pause(),
    resume: () => container.unpause(),
    command,
    stop: async () => {
      await started.stop({ timeout: 0 })
    },
  }
}
