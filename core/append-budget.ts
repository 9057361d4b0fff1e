import { LIMITS } from '#core/limits.ts'
import type { Lane } from '#core/ports/message-log.ts'

const BUDGETS = {
  ordinary: { appendsMax: LIMITS.appendsWaitingMax, bytesMax: LIMITS.appendsWaitingBytesMax },
  flash: {
    appendsMax: LIMITS.flashAppendsWaitingMax,
    bytesMax: LIMITS.flashAppendsWaitingBytesMax,
  },
} as const

/** How much waits to be appended to a log. Each lane has a budget of its own: what fills the
 * ordinary one never keeps out a flash. */
export class AppendBudget {
  private readonly waiting = {
    ordinary: { appends: 0, bytes: 0 },
    flash: { appends: 0, bytes: 0 },
  }

  get isUnused(): boolean {
    return Object.values(this.waiting).every(({ appends }) => appends === 0)
  }

  /** False, and nothing is counted, when too much of the lane waits already. */
  take(lane: Lane, bytes: number): boolean {
    const waiting = this.waiting[lane]
    const { appendsMax, bytesMax } = BUDGETS[lane]
    if (waiting.appends >= appendsMax || waiting.bytes + bytes > bytesMax) return false
    waiting.appends += 1
    waiting.bytes += bytes
    return true
  }

  giveBack(lane: Lane, bytes: number): void {
    const waiting = this.waiting[lane]
    waiting.appends -= 1
    waiting.bytes -= bytes
  }
}
