import { setTimeout } from 'node:timers/promises'
import type { Clock } from '#core/ports/clock.ts'

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  // It rejects for one reason, the abort, and then the sleep is over too.
  sleep: (ms, signal) => setTimeout(ms, undefined, signal ? { signal } : {}).catch(() => undefined),
}
