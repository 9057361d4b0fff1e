import { readFile } from 'node:fs/promises'
import { readKeyFile } from '#adapters/files/key-file.ts'
import type { KafkaEvent, KafkaOptions } from '#adapters/kafka/client.ts'
import { openKafkaLog } from '#adapters/kafka/message-log.ts'
import type { OnAlarm } from '#core/alarm.ts'
import type { KafkaSettings, KafkaTls } from '#core/kafka-settings.ts'
import type { MessageLog } from '#core/ports/message-log.ts'

/** Opens the log of the cluster that the settings name, and tells what is wrong with the cluster
 * as alarms. Rejects as `openKafkaLog` does, and when a file of the settings cannot be used. */
export const openKafka = async (
  { brokers, replicationFactor, topicPrefix, tls }: KafkaSettings,
  { clientId, onAlarm }: { readonly clientId: string; readonly onAlarm: OnAlarm },
): Promise<MessageLog> =>
  openKafkaLog({
    brokers,
    replicationFactor,
    topicPrefix,
    clientId,
    ...(tls && (await securityFrom(tls))),
    onEvent: eventsAsAlarms(onAlarm),
  })

const securityFrom = async ({
  ca,
  client,
  user,
}: KafkaTls): Promise<Pick<KafkaOptions, 'ssl' | 'sasl'>> => ({
  ssl: {
    ca: await readFile(ca, 'utf8'),
    ...(client && {
      cert: await readFile(client.certificate, 'utf8'),
      key: await readKeyFile(client.key),
    }),
  },
  ...(user && {
    sasl: {
      mechanism: 'scram-sha-512',
      username: user.name,
      password: (await readKeyFile(user.passwordFile)).trim(),
    },
  }),
})

/** A broker that is away is met many times a second: the same is told again only after this. */
const TOLD_AGAIN_MS = 10_000
const TEXTS_REMEMBERED_MAX = 100

/** Makes alarms of what is not merely informative. Exported for its test. */
export const eventsAsAlarms = (
  onAlarm: OnAlarm,
  monotonicMs: () => number = () => performance.now(),
): ((event: KafkaEvent) => void) => {
  const toldAtMs = new Map<string, number>()
  return ({ level, message, broker, topic }) => {
    if (level === 'info') return
    const why = broker === undefined ? message : `${broker}: ${message}`
    const nowMs = monotonicMs()
    if (nowMs - (toldAtMs.get(why) ?? Number.NEGATIVE_INFINITY) < TOLD_AGAIN_MS) return
    if (toldAtMs.size >= TEXTS_REMEMBERED_MAX) toldAtMs.clear()
    toldAtMs.set(why, nowMs)
    onAlarm({ what: 'broker-trouble', why, ...(topic !== undefined && { topic }) })
  }
}
