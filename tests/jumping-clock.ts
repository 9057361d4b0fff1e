import { systemClock } from '#adapters/crypto/clock.ts'
import type { Clock } from '#core/ports/clock.ts'

export interface JumpingClock extends Clock {
  jump(ms: number): void
}

/** The machine's clock, which a test can set forward. Sleeps take their real time. */
export const jumpingClock = (): JumpingClock => {
  let jumpedMs = 0
  return {
    nowMs: () => systemClock.nowMs() + jumpedMs,
    monotonicMs: () => systemClock.monotonicMs() + jumpedMs,
    sleep: systemClock.sleep,
    jump: (ms) => {
      jumpedMs += ms
    },
  }
}
