import { ACCESS_TOPIC } from '#core/topics.ts'
import type { AuditDeps } from '#services/audit/deps.ts'

/** What an audit service shows of itself in `/metrics`. */
export const watchTree = (
  deps: Pick<AuditDeps, 'metrics' | 'log' | 'published' | 'keeper'>,
): void => {
  const { metrics, log, published, keeper } = deps
  const size = (): number => published.current?.size ?? 0
  const lag = async (): Promise<number> => Math.max(0, (await log.head(ACCESS_TOPIC)) - size())
  metrics.watch('rabta_checkpoint_size_entries', {}, size)
  metrics.watch('rabta_checkpoint_lag_entries', {}, lag)
  metrics.watch('rabta_checkpoint_age_seconds', {}, async () =>
    (await lag()) === 0 ? 0 : (keeper.checkpointAgeMs ?? 0) / 1_000,
  )
}
