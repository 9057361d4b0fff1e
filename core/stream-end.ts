/**
 * Why a hub ends a live stream: the `reason` of its last event. A reader that is behind is cut off
 * without one. Codes are for ever; texts may change.
 */
export const STREAM_ENDS = {
  'token-expired': 'The access token has expired: get another and go on.',
  suspended: 'The principal or its agency is suspended.',
  'role-missing': 'The principal is no longer a subscriber in this realm.',
  'directory-stale': 'The directory’s head was not confirmed in time, so nothing is released.',
  'policy-not-active': 'The directory has activated another policy than this node has.',
  'record-not-durable': 'An access record could not be made durable in time: go on later.',
  'index-damaged': 'An alert in this node’s index is damaged: go on at another gateway, or later.',
  shutdown: 'The hub is shutting down: go on at another gateway, or later.',
  internal: 'A fault of the hub.',
} as const satisfies Record<string, string>

export type StreamEnd = keyof typeof STREAM_ENDS

export const isStreamEnd = (code: string): code is StreamEnd => Object.hasOwn(STREAM_ENDS, code)
