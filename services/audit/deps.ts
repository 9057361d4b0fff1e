import type { AccessLog } from '#core/access-log.ts'
import type { OnAlarm } from '#core/alarm.ts'
import type { DirectoryView } from '#core/directory/view.ts'
import type { Sha256 } from '#core/hash.ts'
import type { Metrics } from '#core/metrics/metrics.ts'
import type { Clock } from '#core/ports/clock.ts'
import type { Guard } from '#core/ports/guard.ts'
import type { MessageLog } from '#core/ports/message-log.ts'
import type { Policy } from '#core/ports/policy.ts'
import type { RecordIndex } from '#core/ports/record-index.ts'
import type { TileStore } from '#core/ports/tile-store.ts'
import type { TokenVerifier } from '#core/ports/tokens.ts'
import type { LogTrust } from '#core/tlog/signed-checkpoint.ts'
import type { TopicFollowers } from '#core/topic-followers.ts'
import type { IntakeComparison } from '#services/audit/compare-intake.ts'
import type { Published } from '#services/audit/published.ts'
import type { TreeKeeper } from '#services/audit/tree-keeper.ts'

/** All that an audit service works with; `main.ts` opens it, tests open the same. */
export interface AuditDeps {
  readonly log: MessageLog
  /** Its records are of service `AUDIT`. */
  readonly accessLog: AccessLog
  readonly directory: DirectoryView
  readonly policy: Policy
  readonly tokenVerifier: TokenVerifier
  readonly guard: Guard
  readonly tiles: TileStore
  readonly published: Published
  readonly keeper: TreeKeeper
  readonly records: RecordIndex
  readonly recordFollowers: TopicFollowers
  readonly comparison: IntakeComparison
  /** As readers trust the log: proofs are verified before they are given. */
  readonly trust: LogTrust
  readonly sha256: Sha256
  /** HMAC-SHA-256 under this service's key: what a record says of a search. */
  readonly searchTerms: (canonicalFilter: Uint8Array) => Uint8Array
  readonly clock: Clock
  readonly onAlarm: OnAlarm
  readonly metrics: Metrics
}
