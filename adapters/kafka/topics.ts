import kafkajs, { type Admin } from 'kafkajs'
import { type KafkaOptions, kafkaClient } from '#adapters/kafka/client.ts'
import { BrokerFault, ERRORS, type FetchClient, type TopicState } from '#adapters/kafka/fetch.ts'
import { patiently } from '#adapters/kafka/patience.ts'
import { LIMITS } from '#core/limits.ts'
import { LogUnavailable, TopicMisconfigured } from '#core/ports/message-log.ts'

// Node finds only some of this CommonJS module's names.
const { ConfigResourceTypes, KafkaJSAggregateError } = kafkajs

interface Setting {
  readonly name: string
  /** What we create a topic with. */
  readonly value: string
  /** Whether the port's promises hold under this value of an existing topic. */
  readonly holds: (value: string) => boolean
}

/** The longest batch of ours: its bytes, and what each record and the batch itself add. */
const BATCH_BYTES_MAX = LIMITS.appendBatchBytesMax + LIMITS.appendEntriesMax * 32 + 1_024

const settingsOf = (options: KafkaOptions): readonly Setting[] => [
  exactly('cleanup.policy', 'delete'),
  exactly('retention.ms', '-1'),
  exactly('retention.bytes', '-1'),
  exactly('unclean.leader.election.enable', 'false'),
  atLeast('min.insync.replicas', minInsyncReplicas(options)),
  atLeast('max.message.bytes', BATCH_BYTES_MAX),
  // A broker refuses a record whose writer's clock is far ahead of its own; we tell no time by it.
  { name: 'message.timestamp.type', value: 'LogAppendTime', holds: () => true },
]

const exactly = (name: string, value: string): Setting => ({
  name,
  value,
  holds: (found) => found === value,
})

const atLeast = (name: string, value: number): Setting => ({
  name,
  value: String(value),
  holds: (found) => Number(found) >= value,
})

const minInsyncReplicas = ({ minInsyncReplicas: given, replicationFactor }: KafkaOptions): number =>
  given ?? Math.max(1, replicationFactor - 1)

/** Creates what is missing, in one request, and checks all of it. */
export const ensureKafkaTopics = async (
  client: FetchClient,
  options: KafkaOptions,
  topics: readonly string[],
): Promise<void> => {
  const wanted = [...new Set(topics)]
  if (wanted.length === 0) return
  const admin = kafkaClient(options).admin()
  try {
    const states = await patiently(LIMITS.logReadMsMax, () => client.topics(wanted))
    const missing = wanted.filter((topic) => isMissing(states.get(topic)))
    await admin.connect()
    if (missing.length > 0) await createTopics(admin, options, missing)
    checkPartitions(await ledTopics(client, wanted), options)
    await checkSettings(admin, options, wanted)
  } catch (error) {
    if (error instanceof LogUnavailable || error instanceof TopicMisconfigured) throw error
    throw new LogUnavailable(`cannot ensure the topics: ${error}`, { cause: error })
  } finally {
    await admin.disconnect()
  }
}

const isMissing = (state: TopicState | undefined): boolean =>
  state === undefined || state.errorCode === ERRORS.unknownTopic

const createTopics = async (
  admin: Admin,
  options: KafkaOptions,
  missing: readonly string[],
): Promise<void> => {
  const { replicationFactor } = options
  const configEntries = settingsOf(options).map(({ name, value }) => ({ name, value }))
  const topics = missing.map((topic) => ({
    topic,
    numPartitions: 1,
    replicationFactor,
    configEntries,
  }))
  try {
    // `false` when another process has just created them.
    await admin.createTopics({ topics, waitForLeaders: false })
  } catch (error) {
    const [first] = error instanceof KafkaJSAggregateError ? error.errors : []
    if (first === undefined) throw error
    throw new TopicMisconfigured(`a topic cannot be created: ${first}`, { cause: first })
  }
}

/** The topics once every one of them has a leader, and so can be appended to. */
const ledTopics = (
  client: FetchClient,
  topics: readonly string[],
): Promise<ReadonlyMap<string, TopicState>> =>
  patiently(LIMITS.logReadMsMax, async () => {
    const states = await client.topics(topics)
    for (const topic of topics) {
      const state = states.get(topic)
      if (state?.errorCode !== ERRORS.none) throw new BrokerFault(`${topic} is not there yet`)
      const isLed = state.partitions.every(({ leader }) => leader >= 0)
      if (!isLed) throw new BrokerFault(`${topic} has no leader yet`)
    }
    return states
  })

const checkPartitions = (
  states: ReadonlyMap<string, TopicState>,
  { replicationFactor }: KafkaOptions,
): void => {
  for (const [topic, { partitions }] of states) {
    if (partitions.length !== 1) {
      throw new TopicMisconfigured(`${topic} has ${partitions.length} partitions and must have 1`)
    }
    const replicas = partitions[0]?.replicas.length ?? 0
    if (replicas < replicationFactor) {
      throw new TopicMisconfigured(`${topic} has ${replicas} replicas, not ${replicationFactor}`)
    }
  }
}

const checkSettings = async (
  admin: Admin,
  options: KafkaOptions,
  topics: readonly string[],
): Promise<void> => {
  const settings = settingsOf(options)
  const configNames = settings.map(({ name }) => name)
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map((name) => ({ type: ConfigResourceTypes.TOPIC, name, configNames })),
  })
  for (const { resourceName, configEntries, errorMessage } of resources) {
    for (const { name, value, holds } of settings) {
      const found = configEntries.find(({ configName }) => configName === name)?.configValue
      if (found !== undefined && holds(found)) continue
      const what = found ?? errorMessage ?? 'not told'
      throw new TopicMisconfigured(`${resourceName}: ${name} is ${what} and must be ${value}`)
    }
  }
}
