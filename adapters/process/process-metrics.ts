import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Metrics } from '#core/metrics/metrics.ts'

const RESOLUTION_MS = 20
const NS_A_SECOND = 1e9

/** Memory of this process, and how late its event loop was since it started; until what it gives
 * is called. */
export const watchProcess = (metrics: Metrics): (() => void) => {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  metrics.watch('rabta_memory_resident_bytes', {}, () => process.memoryUsage.rss())
  for (const quantile of ['0.5', '0.99', '1']) {
    metrics.watch('rabta_event_loop_delay_seconds', { quantile }, () => {
      // The timer that measures is late by its own resolution even where nothing delays it.
      const ns = delay.percentile(Number(quantile) * 100)
      return Math.max(0, ns / NS_A_SECOND - RESOLUTION_MS / 1_000)
    })
  }
  return () => delay.disable()
}
