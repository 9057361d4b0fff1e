import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { promisify } from 'node:util'
import { openKafkaLog } from '#adapters/kafka/message-log.ts'
import { type Io, UsageError } from '#clients/cli/command.ts'
import { LogUnavailable } from '#core/ports/message-log.ts'

/** A Kafka broker in a container, whose topics end with it. */
export interface DemoBroker extends AsyncDisposable {
  /** `HOST:PORT`. */
  readonly brokers: string
}

/** Other images must be configured as this one is: by `KAFKA_…` variables. */
export const kafkaImage = (): string => process.env['RABTA_KAFKA_IMAGE'] ?? 'apache/kafka:4.3.1'

const START_MS_MAX = 60_000
const TRY_MS_MAX = 1_000
const LOG_LINES_SHOWN = 10

/** Starts a broker with the `docker` command. Rejects with UsageError where no engine answers. */
export const startDemoBroker = async ({ say, signal }: Io): Promise<DemoBroker> => {
  await docker(['version'], signal).catch((error: unknown) => {
    throw new UsageError(
      '--log=kafka needs a broker: name one with --kafka-brokers HOST:PORT or ' +
        `RABTA_KAFKA_BROKERS, or start a container engine (${reasonOf(error)})`,
    )
  })
  const image = kafkaImage()
  say(`starting a Kafka broker in a container of ${image}\n`)
  // Chosen here: the broker must be told the address that it gives to its clients.
  const port = await freePort()
  const settings = Object.entries(brokerEnvironment(port))
  const run = [
    ...['run', '--detach', '--label', 'rabta-demo', '--publish', `127.0.0.1:${port}:9092`],
    ...settings.flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    image,
  ]
  const id = await docker(run, signal).catch((error: unknown) => {
    throw new Error(`no container of ${image} can be run: ${reasonOf(error)}`)
  })
  const remove = async (): Promise<void> => {
    await docker(['rm', '--force', '--volumes', id])
  }
  const brokers = `127.0.0.1:${port}`
  try {
    await answering(brokers, id, signal)
  } catch (error) {
    await remove()
    throw error
  }
  return { brokers, [Symbol.asyncDispose]: remove }
}

/** Resolves when the broker in the container answers. */
const answering = async (brokers: string, id: string, signal: AbortSignal): Promise<void> => {
  const options = { brokers: [brokers], clientId: 'rabta-demo', replicationFactor: 1 }
  const startedAtMs = performance.now()
  for (;;) {
    try {
      signal.throwIfAborted()
      const log = await openKafkaLog({ ...options, openMsMax: TRY_MS_MAX })
      return await log.close()
    } catch (error) {
      if (!(error instanceof LogUnavailable)) throw error
      const isRunning = (await docker(['inspect', '--format', '{{.State.Running}}', id])) === 'true'
      if (isRunning && performance.now() - startedAtMs < START_MS_MAX) continue
      const last = await docker(['logs', '--tail', `${LOG_LINES_SHOWN}`, id])
      throw new Error(`the broker did not start: ${error.message}\n${last}`)
    }
  }
}

/** One node that is broker and controller, as the image apache/kafka is told it. */
export const brokerEnvironment = (port: number): Readonly<Record<string, string>> => ({
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
})

/** A port of this machine on which nothing listens now. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

const docker = async (args: readonly string[], signal?: AbortSignal): Promise<string> => {
  const { stdout, stderr } = await promisify(execFile)('docker', args, {
    encoding: 'utf8',
    ...(signal && { signal }),
  })
  return (args[0] === 'logs' ? stdout + stderr : stdout).trim()
}

/** What a command that failed had to say, or why it could not be run. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const said = 'stderr' in error ? String(error.stderr).split('\n') : []
  const lines = said.filter((line) => line !== '' && !line.startsWith("Run 'docker"))
  return lines.at(-1) ?? error.message
}
