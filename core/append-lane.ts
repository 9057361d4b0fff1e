import type { Alert } from '#core/alert.ts'
import type { Lane } from '#core/ports/message-log.ts'
import { laneOf } from '#core/rates.ts'

/** The lane in which what belongs to an alert is appended: a recall must get through as a flash. */
export const appendLaneOf = (alert: Pick<Alert, 'kind' | 'precedence'>): Lane =>
  laneOf(alert) === 'flash' ? 'flash' : 'ordinary'
