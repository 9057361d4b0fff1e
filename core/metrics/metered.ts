import type { AccessLog } from '#core/access-log.ts'
import type { OnAlarm } from '#core/alarm.ts'
import type { Metrics } from '#core/metrics/metrics.ts'
import type { FollowerName } from '#core/metrics/table.ts'
import type { Clock } from '#core/ports/clock.ts'
import { LogUnavailable, type MessageLog } from '#core/ports/message-log.ts'
import type { TopicView } from '#core/topic-followers.ts'

/** The log, with what goes into it counted. */
export const meteredLog = (log: MessageLog, metrics: Metrics, clock: Clock): MessageLog => ({
  append: async (topic, entries, options) => {
    const beganMs = clock.monotonicMs()
    try {
      const offsets = await log.append(topic, entries, options)
      const seconds = (clock.monotonicMs() - beganMs) / 1_000
      metrics.observe('rabta_log_append_seconds', { lane: options?.lane ?? 'ordinary' }, seconds)
      metrics.count('rabta_log_entries_total', { topic: classOf(topic) }, entries.length)
      return offsets
    } catch (error) {
      const why = error instanceof LogUnavailable ? 'unavailable' : 'unknown'
      metrics.count('rabta_log_append_failures_total', { why })
      throw error
    }
  },
  read: (topic, from, limit) => log.read(topic, from, limit),
  follow: (topic, from, signal) => log.follow(topic, from, signal),
  head: (topic) => log.head(topic),
  ensureTopics: (topics) => log.ensureTopics(topics),
  close: () => log.close(),
})

/** `live.alerts.PK-KP.SECRET` is of `alerts`: levels and provinces are nobody's business here. */
const classOf = (topic: string): string => topic.split('.')[1] ?? topic

export const meteredAccessLog = (accessLog: AccessLog, metrics: Metrics): AccessLog => ({
  append: async (drafts, options) => {
    const written = await accessLog.append(drafts, options)
    for (const { action, outcome } of drafts) {
      metrics.count('rabta_records_total', { action, outcome })
    }
    return written
  },
})

export const meteredAlarms =
  (onAlarm: OnAlarm, metrics: Metrics): OnAlarm =>
  (alarm) => {
    metrics.count('rabta_alarms_total', { alarm: alarm.what })
    onAlarm(alarm)
  }

/** How far a view is behind its topics, and how many of them stand still. */
export const watchFollower = (
  metrics: Metrics,
  follower: FollowerName,
  of: {
    readonly log: MessageLog
    readonly view: Pick<TopicView, 'topics' | 'nextOffset'>
    readonly trouble: () => ReadonlyMap<string, string>
  },
): void => {
  const { log, view } = of
  metrics.watch('rabta_follower_lag_entries', { follower }, async () => {
    const behind = view.topics.map(async (topic) =>
      Math.max(0, (await log.head(topic)) - view.nextOffset(topic)),
    )
    return (await Promise.all(behind)).reduce((sum, one) => sum + one, 0)
  })
  metrics.watch('rabta_follower_stalled_topics', { follower }, () => of.trouble().size)
}
