import type { Lane } from '#core/ports/message-log.ts'
import type { Precedence } from '#core/precedence.ts'

/** The lane in which what belongs to an alert is appended. */
export const appendLaneOf = (precedence: Precedence): Lane =>
  precedence === 'FLASH' ? 'flash' : 'ordinary'
