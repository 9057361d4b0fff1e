import { setTimeout } from 'node:timers/promises'
import { ownCpuMs, type Round } from '#bench/measure.ts'

/**
 * Begins `ratePerS` acts a second whether or not those before have ended, as the world does. A
 * latency counts from when the act was due: what waits because others are slow has waited.
 */
export const measureOpenLoop = async (options: {
  readonly ratePerS: number
  readonly ms: number
  readonly act: (number: number) => Promise<unknown>
  readonly cpuMs?: () => Promise<number>
}): Promise<Round> => {
  const { ratePerS, ms, act, cpuMs = ownCpuMs } = options
  const count = Math.floor((ratePerS * ms) / 1_000)
  const latenciesMs: number[] = []
  const cpuBeforeMs = await cpuMs()
  const startMs = performance.now()
  const acts: Promise<void>[] = []
  for (let number = 0; number < count; number += 1) {
    const dueMs = startMs + (number * 1_000) / ratePerS
    const waitMs = dueMs - performance.now()
    if (waitMs > 1) await setTimeout(waitMs)
    acts.push(
      act(number).then(() => {
        latenciesMs.push(performance.now() - dueMs)
      }),
    )
  }
  await Promise.all(acts)
  const tookMs = performance.now() - startMs
  return { operations: count, tookMs, cpuMs: (await cpuMs()) - cpuBeforeMs, latenciesMs }
}
