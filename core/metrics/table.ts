import { ACCESS_ACTIONS, ACCESS_OUTCOMES } from '#core/access-record.ts'
import { ALARMS } from '#core/alarm.ts'
import { URGENT } from '#core/precedence.ts'
import { REALMS } from '#core/realm.ts'
import { REFUSALS } from '#core/refusal.ts'

/** Where the values of a label are not a closed set: the routes that a server has, so many and no
 * more. */
export const ROUTES = 'routes'

interface Metric {
  readonly kind: 'counter' | 'histogram' | 'gauge'
  /** What it says, for the exposition and for `docs/operations.md`. */
  readonly help: string
  /** The values that each label can have. Never an id, a name or a time: every value is a series
   * that is kept for ever, and readers of metrics are not readers of alerts. */
  readonly labels: Readonly<Record<string, readonly string[] | typeof ROUTES>>
}

const FOLLOWERS = [
  'intake',
  'alerts',
  'dead-letters',
  'acknowledgements',
  'routing',
  'records',
] as const
const TOPICS = ['access', 'directory', 'checkpoints', 'intake', 'alerts', 'dead-letter'] as const

/** All that a process measures. Names follow Prometheus: base units, `_total` for what only grows. */
export const METRICS = {
  rabta_http_requests_total: {
    kind: 'counter',
    help: 'Requests that were answered.',
    labels: {
      method: ['GET', 'HEAD', 'POST'],
      route: ROUTES,
      status: ['1xx', '2xx', '3xx', '4xx', '5xx'],
    },
  },
  rabta_http_request_seconds: {
    kind: 'histogram',
    help: 'From a request to the end of its answer.',
    labels: { route: ROUTES },
  },
  rabta_http_connections: { kind: 'gauge', help: 'Connections that are open.', labels: {} },
  rabta_refusals_total: {
    kind: 'counter',
    help: 'Refusals, by the code in the problem document.',
    labels: { code: Object.keys(REFUSALS) },
  },
  rabta_publications_total: {
    kind: 'counter',
    help: 'Alerts that were taken: new, or known already.',
    labels: { lane: ['flash', 'urgent', 'routine'], outcome: ['accepted', 'already-there'] },
  },
  rabta_records_total: {
    kind: 'counter',
    help: 'Access records of this process that are durable; RELEASE and ALLOWED are alerts given.',
    labels: { action: ACCESS_ACTIONS, outcome: ACCESS_OUTCOMES },
  },
  rabta_log_entries_total: {
    kind: 'counter',
    help: 'Entries that this process has appended durably.',
    labels: { topic: TOPICS },
  },
  rabta_log_append_seconds: {
    kind: 'histogram',
    help: 'How long an append took to be durable.',
    labels: { lane: ['ordinary', 'flash'] },
  },
  rabta_log_append_failures_total: {
    kind: 'counter',
    help: 'Appends that failed: certainly not written, or nobody knows.',
    labels: { why: ['unavailable', 'unknown'] },
  },
  rabta_follower_lag_entries: {
    kind: 'gauge',
    help: 'Entries that a view has not applied yet.',
    labels: { follower: FOLLOWERS },
  },
  rabta_follower_stalled_topics: {
    kind: 'gauge',
    help: 'Topics that a view cannot follow now.',
    labels: { follower: FOLLOWERS },
  },
  rabta_checkpoint_size_entries: {
    kind: 'gauge',
    help: 'Records under the newest checkpoint.',
    labels: {},
  },
  rabta_checkpoint_lag_entries: {
    kind: 'gauge',
    help: 'Records that no checkpoint covers yet.',
    labels: {},
  },
  rabta_checkpoint_age_seconds: {
    kind: 'gauge',
    help: 'Since the newest checkpoint was published, while records wait for the next; else 0.',
    labels: {},
  },
  rabta_directory_age_seconds: {
    kind: 'gauge',
    help: 'Since the directory’s head was confirmed.',
    labels: {},
  },
  rabta_directory_entries: { kind: 'gauge', help: 'Entries of the directory.', labels: {} },
  rabta_guard_degraded: { kind: 'gauge', help: '1 while Redis does not answer.', labels: {} },
  rabta_alerts_unacknowledged_overdue: {
    kind: 'gauge',
    help: 'Alerts that an agency they reach has not acknowledged in time: 1,000 at most.',
    labels: { realm: REALMS, precedence: URGENT },
  },
  rabta_disk_low: { kind: 'gauge', help: '1 while publications are refused for it.', labels: {} },
  rabta_seal_keys_left_seconds: {
    kind: 'gauge',
    help: 'Until the first realm and level has no seal key.',
    labels: {},
  },
  rabta_streams_open: { kind: 'gauge', help: 'Live streams.', labels: {} },
  rabta_event_loop_delay_seconds: {
    kind: 'gauge',
    help: 'How late the event loop was since the start.',
    labels: { quantile: ['0.5', '0.99', '1'] },
  },
  rabta_memory_resident_bytes: { kind: 'gauge', help: 'Resident memory.', labels: {} },
  rabta_alarms_total: {
    kind: 'counter',
    help: 'Alarms, each of which is a log line too.',
    labels: { alarm: Object.keys(ALARMS) },
  },
} as const satisfies Record<string, Metric>

export type MetricName = keyof typeof METRICS
export type NameOf<Kind extends Metric['kind']> = {
  [Name in MetricName]: (typeof METRICS)[Name]['kind'] extends Kind ? Name : never
}[MetricName]
export type LabelsOf<Name extends MetricName> = Readonly<
  Record<keyof (typeof METRICS)[Name]['labels'], string>
>
export type FollowerName = (typeof FOLLOWERS)[number]

/** What a value counts as that is none of its label's. */
export const OTHER = 'other'

/** Upper ends of the buckets of every histogram, in seconds. */
export const BUCKETS_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
] as const
