/** What somebody should look at. `what` is a closed word; details are ids and codes, no content. */
export interface Alarm {
  readonly what: AlarmCode
  readonly topic?: string
  readonly offset?: number
  readonly why?: string
}

export const ALARMS = {
  'directory-entry-ignored': 'An entry of the directory topic was not authorised: who wrote it?',
  'directory-entry-late':
    'An entry came that claims another time by over 10 minutes, as no gateway takes it: who wrote it?',
  'directory-entry-refused': 'Somebody sent a directory entry that has no authority; see the log.',
  'frame-ignored': 'A frame in a topic is forged, damaged or in the wrong topic: who wrote it?',
  'frame-erased': 'A frame was passed over because its seal key was destroyed.',
  'id-conflict': 'Two different alerts stand under one (origin, id); the first counts.',
  'dead-letter': 'An alert could not be routed; its originator sees why in its status.',
  'broker-trouble': 'The Kafka cluster does not answer as it should; what waits is tried again.',
  'guard-degraded': 'Redis does not answer: rate limits go by a share of this gateway’s own.',
  'disk-low': 'There is less room than the bound: publications are refused until there is more.',
  'topic-stalled': 'A topic cannot be followed further; the service is not ready.',
  'index-damaged':
    'A row of the alert index does not open; feeds stop at it: delete the view, it rebuilds.',
  'view-reset': 'A view was of another version, or damaged: it is being built again.',
  'policy-fault': 'The policy could not be evaluated on a request, so it was denied.',
  'record-unreadable': 'A leaf of the access log is not an access record.',
  'record-without-stamp': 'An alert was recorded as published but never came to an intake topic.',
  'stamp-without-record': 'A frame’s stamp quotes a record that the access log does not have.',
  'checkpoint-unverifiable': 'A stored checkpoint is not signed by the log: who wrote it?',
  'log-delayed': 'Records cannot be put under a checkpoint now; it is tried again.',
  'log-stopped': 'The access log is not what was signed, so nothing is signed: see why.',
  'tiles-rebuilt': 'Tiles were missing and are being made again from the access topic.',
  'tile-damaged': 'A tile under the published checkpoint is missing or wrong: run rabta fsck.',
} as const
export type AlarmCode = keyof typeof ALARMS

export type OnAlarm = (alarm: Alarm) => void
