import type { AccessLog } from '#core/access-log.ts'
import type { OnAlarm } from '#core/alarm.ts'
import type { DirectoryView } from '#core/directory/view.ts'
import type { DiskWatch } from '#core/disk-watch.ts'
import type { FrameReader } from '#core/frame-reader.ts'
import type { Sha256 } from '#core/hash.ts'
import type { IntakeView } from '#core/intake-view.ts'
import type { VerifySignature } from '#core/key.ts'
import type { Metrics } from '#core/metrics/metrics.ts'
import type { AcknowledgementStore } from '#core/ports/acknowledgement-store.ts'
import type { AlertIndex } from '#core/ports/alert-index.ts'
import type { Cipher } from '#core/ports/cipher.ts'
import type { Clock, RandomBytes } from '#core/ports/clock.ts'
import type { Guard } from '#core/ports/guard.ts'
import type { MessageLog } from '#core/ports/message-log.ts'
import type { Policy } from '#core/ports/policy.ts'
import type { Seal } from '#core/ports/seal.ts'
import type { SecondOpinion } from '#core/ports/second-opinion.ts'
import type { Tokens, TokenVerifier } from '#core/ports/tokens.ts'
import type { Rates } from '#core/rates.ts'
import type { RouterLag } from '#core/router-lag.ts'
import type { TopicFollowers } from '#core/topic-followers.ts'
import type { DueAlerts } from '#services/gateway/due-alerts.ts'
import type { Told } from '#services/gateway/told.ts'

/** All that a gateway works with; `main.ts` opens it, tests open the same. */
export interface GatewayDeps {
  readonly log: MessageLog
  readonly accessLog: AccessLog
  readonly directory: DirectoryView
  readonly policy: Policy
  /** The texts of the policies that are here, by digest in hexadecimal and file name: published. */
  readonly policyFiles: ReadonlyMap<string, Readonly<Record<string, string>>>
  readonly intake: IntakeView
  readonly intakeFollowers: TopicFollowers
  readonly index: AlertIndex
  /** The alert topics of this node, in table order, and what keeps the index in step with them. */
  readonly alertTopics: readonly string[]
  readonly alertFollowers: TopicFollowers
  /** Told of what goes into intake topics, and by the views of what comes out behind the router. */
  readonly routerLag: RouterLag
  /** Of recalls. */
  readonly told: Told
  readonly acknowledgements: AcknowledgementStore
  readonly acknowledgementFollowers: TopicFollowers
  readonly due: DueAlerts
  /** Of alerts that are due. */
  readonly reminded: Told
  readonly seal: Seal
  /** By the same seal. */
  readonly frames: FrameReader
  readonly cursors: Cipher
  readonly tokens: Tokens
  readonly tokenVerifier: TokenVerifier
  readonly guard: Guard
  readonly rates: Rates
  /** All callers have the address of the proxy: none of them can be told by it. */
  readonly isBehindProxy: boolean
  readonly disk: DiskWatch
  readonly secondOpinion: SecondOpinion
  readonly verify: VerifySignature
  readonly sha256: Sha256
  readonly random: RandomBytes
  readonly clock: Clock
  readonly onAlarm: OnAlarm
  readonly metrics: Metrics
}
