import { LIMITS } from '#core/limits.ts'
import { watchFollower } from '#core/metrics/metered.ts'
import { URGENT } from '#core/precedence.ts'
import { REALMS } from '#core/realm.ts'
import type { TopicFollowers, TopicView } from '#core/topic-followers.ts'
import { overdueCount } from '#services/gateway/awaited-from.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import { sealKeysLeftMs } from '#services/gateway/seal-keys.ts'

/** What a gateway shows of itself in `/metrics`. */
export const watchGateway = (
  deps: GatewayDeps,
  views: {
    readonly intake: TopicView
    readonly alerts: TopicView
    readonly letters: TopicView
    readonly letterFollowers: TopicFollowers
    readonly acknowledged: TopicView
  },
): void => {
  const { metrics, log, guard, disk, intakeFollowers, alertFollowers } = deps
  const followers = {
    intake: [views.intake, intakeFollowers],
    alerts: [views.alerts, alertFollowers],
    'dead-letters': [views.letters, views.letterFollowers],
    acknowledgements: [views.acknowledged, deps.acknowledgementFollowers],
  } as const
  for (const follower of ['intake', 'alerts', 'dead-letters', 'acknowledgements'] as const) {
    const [view, following] = followers[follower]
    watchFollower(metrics, follower, { log, view, trouble: () => following.trouble() })
  }
  metrics.watch('rabta_guard_degraded', {}, () => (guard.state() === 'degraded' ? 1 : 0))
  for (const realm of REALMS) {
    for (const precedence of URGENT) {
      metrics.watch(
        'rabta_alerts_unacknowledged_overdue',
        { realm, precedence },
        nowAndThen(deps, () => overdueCount(deps, realm, precedence)),
      )
    }
  }
  metrics.watch('rabta_disk_low', {}, () => (disk.isLow ? 1 : 0))
  metrics.watch('rabta_seal_keys_left_seconds', {}, () => sealKeysLeftMs(deps) / 1_000)
}

/** Anybody may ask for metrics, as often as they like: what takes decisions is not made each time. */
const nowAndThen = (
  { clock }: Pick<GatewayDeps, 'clock'>,
  act: () => Promise<number>,
): (() => Promise<number>) => {
  let actedAtMs = Number.NEGATIVE_INFINITY
  let acted = Promise.resolve(0)
  return () => {
    if (clock.monotonicMs() - actedAtMs >= LIMITS.dueCheckMs) {
      actedAtMs = clock.monotonicMs()
      acted = act()
    }
    return acted
  }
}
