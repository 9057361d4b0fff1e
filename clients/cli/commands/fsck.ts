import { existsSync } from 'node:fs'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { verifySignature } from '#adapters/crypto/verify.ts'
import { homePaths } from '#adapters/files/home.ts'
import { openFileTileStore } from '#adapters/files/tile-store.ts'
import { openKafka } from '#adapters/kafka/open-kafka.ts'
import { openSqliteLog } from '#adapters/sqlite/message-log.ts'
import {
  type Command,
  EXIT,
  type Given,
  type Io,
  type Option,
  UsageError,
} from '#clients/cli/command.ts'
import { flag, optionalText, text } from '#clients/cli/identity.ts'
import { Progress } from '#clients/cli/progress.ts'
import { seededDirectory, storedDirectory } from '#clients/cli/seeded-directory.ts'
import type { Alarm } from '#core/alarm.ts'
import { hex } from '#core/bytes.ts'
import { type FsckReport, fsck } from '#core/fsck.ts'
import { type KafkaSettings, kafkaFrom } from '#core/kafka-settings.ts'
import { formerLogsOf } from '#core/log-trust.ts'
import type { MessageLog } from '#core/ports/message-log.ts'
import { parseVerifierKey } from '#core/tlog/verifier-key.ts'

/** Where the log is, for commands that read it beside the hub. */
export const LOG_OPTIONS = {
  'kafka-brokers': {
    type: 'string',
    value: 'HOST:PORT',
    help: 'The log is in this Kafka cluster, not in the home.',
  },
  'kafka-topic-prefix': {
    type: 'string',
    value: 'TEXT',
    help: 'What the names of its topics there begin with; else RABTA_KAFKA_TOPIC_PREFIX.',
  },
} as const satisfies Record<string, Option>

export const fsckCommand: Command = {
  name: 'fsck',
  summary:
    'Check a data folder against itself: entries, tiles, checkpoints, stamps. Changes nothing.',
  words: '',
  wordsMin: 0,
  wordsMax: 0,
  options: {
    home: {
      type: 'string',
      value: 'DIR',
      help: 'The hub’s home.',
      default: './data',
      setting: 'RABTA_HOME',
    },
    ...LOG_OPTIONS,
    json: { type: 'boolean', help: 'Print JSON for programs.' },
    quiet: { type: 'boolean', help: 'No progress.' },
  },
  examples: ['rabta fsck --home ./data', 'rabta fsck --home /srv/rabta --json'],
  run: async (given, io) => {
    const shown = flag(given, 'quiet') ? null : io
    const report = await fsckHome(text(given, 'home'), { kafka: kafkaOf(given), io: shown })
    const { size, root, problems } = report
    if (flag(given, 'json')) {
      io.out(`${JSON.stringify({ size, root: root && hex(root), problems }, null, 2)}\n`)
    } else {
      for (const problem of problems) io.out(`PROBLEM  ${problem}\n`)
      io.out(`${problems.length === 0 ? 'clean' : `${problems.length} problems`}: `)
      io.out(`${size} access records${root === null ? '' : `, root ${hex(root)}`}\n`)
    }
    return problems.length === 0 ? EXIT.ok : EXIT.unverified
  },
}

/** Null without `--kafka-brokers`. */
export const kafkaOf = (given: Given): KafkaSettings | null => {
  const brokers = optionalText(given, 'kafka-brokers')
  const topicPrefix = optionalText(given, 'kafka-topic-prefix')
  return brokers === undefined ? null : kafkaAt(brokers, topicPrefix)
}

/** The cluster at `brokers`, to be read; how to reach it securely, the environment says. */
export const kafkaAt = (brokers: string, topicPrefix: string | undefined): KafkaSettings =>
  kafkaFrom({
    ...process.env,
    RABTA_KAFKA_BROKERS: brokers,
    ...(topicPrefix !== undefined && { RABTA_KAFKA_TOPIC_PREFIX: topicPrefix }),
  })

export interface FsckPlace {
  /** The cluster that holds the log; null when it is in the home. */
  readonly kafka: KafkaSettings | null
  /** Where progress goes; null for nowhere. */
  readonly io: Io | null
}

/** Checks the data of a home, running or stopped. */
export const fsckHome = async (home: string, { kafka, io }: FsckPlace): Promise<FsckReport> => {
  const paths = homePaths(home)
  const log = await openLog(paths.logDatabase, { kafka, io })
  const progress = io === null ? null : new Progress(io, 'checking')
  try {
    const stored = await storedDirectory(home, log)
    // A topic that is empty or damaged is no reason not to check the rest.
    const directory = stored.sequence < 0 ? await seededDirectory(home) : stored
    const named = directory.logVerifierKey
    const logKey = named === null ? null : parseVerifierKey(sha256, named)
    if (logKey === null) throw new UsageError(`the directory of ${home} names no access log`)
    const formerKeys = formerLogsOf(directory, sha256)
    const tiles = await openFileTileStore(paths.tiles)
    const onProgress = (done: number, total: number) => progress?.set(done, total)
    const keys = { logKey, formerKeys, sha256, verify: verifySignature }
    return await fsck({ log, tiles, ...keys, onProgress })
  } finally {
    progress?.end()
    await log.close()
  }
}

/** The log of a home, running or stopped, to be read; or that of a cluster. */
export const openLog = (database: string, { kafka, io }: FsckPlace): Promise<MessageLog> => {
  if (kafka !== null) {
    const onAlarm = ({ why }: Alarm) => io?.say(`${why}\n`)
    return openKafka(kafka, { clientId: 'rabta-fsck', onAlarm })
  }
  if (!existsSync(database)) throw new UsageError(`there is no log at ${database}`)
  return Promise.resolve(openSqliteLog({ path: database, readOnly: true }))
}
