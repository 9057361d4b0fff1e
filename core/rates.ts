import type { Alert } from '#core/alert.ts'
import { LIMITS } from '#core/limits.ts'
import type { Rate } from '#core/ports/guard.ts'
import type { Precedence } from '#core/precedence.ts'
import type { Kind } from '#core/setting.ts'

/** How many a minute, of each thing that is counted. A minute’s worth may come at once. */
export const RATES = {
  /** Publications of an agency that would be accepted, by lane. */
  flash: LIMITS.flashPerMinuteMax,
  urgent: LIMITS.urgentPerMinuteMax,
  routine: LIMITS.routinePerMinuteMax,
  /** Of a principal: publications that were refused. */
  'refused-publications': LIMITS.refusedPublicationsPerMinuteMax,
  /** Of a principal: direct reads, status and acknowledgements. */
  reads: LIMITS.readsPerMinuteMax,
  /** Those of them that ended as if there were nothing. */
  denied: LIMITS.deniedPerMinuteMax,
  feeds: LIMITS.feedPagesPerMinuteMax,
  streams: LIMITS.streamOpensPerMinuteMax,
  previews: LIMITS.previewsPerMinuteMax,
  'directory-reads': LIMITS.directoryReadsPerMinuteMax,
  'directory-entries': LIMITS.directoryEntriesPerMinuteMax,
  /** Access tokens of a principal. */
  tokens: LIMITS.tokensPerMinuteMax,
  /** Of an address: client assertions that prove nothing. */
  'invalid-assertions': LIMITS.invalidAssertionsPerMinuteMax,
} as const
export type RateName = keyof typeof RATES
const isRateName = (name: string): name is RateName => Object.hasOwn(RATES, name)

export type Rates = Readonly<Record<RateName, number>>

export const rateOf = (perMinute: number): Rate => ({ perMinute, burst: perMinute })

/** A recall must get through whatever the alert was that it takes back. */
export const laneOf = ({ kind, precedence }: Pick<Alert, 'kind' | 'precedence'>): Lane =>
  kind === 'RECALL' ? 'flash' : LANES[precedence]

/** Each precedence has a lane; FLASH has its own, so that nothing else can eat it. */
const LANES = {
  FLASH: 'flash',
  IMMEDIATE: 'urgent',
  PRIORITY: 'urgent',
  ROUTINE: 'routine',
} as const satisfies Record<Precedence, RateName>
type Lane = (typeof LANES)[Precedence]

/** One row of RATES, otherwise than in the table. */
export const rateSetting: Kind<readonly [RateName, number]> = {
  limits: `NAME=PER-MINUTE, 1 to ${LIMITS.ratePerMinuteMax}, of ${Object.keys(RATES).join(' ')}`,
  parse: (text) => {
    const [, name = '', number] = /^([a-z-]+)=(\d{1,9})$/.exec(text) ?? []
    const perMinute = Number(number)
    if (!isRateName(name) || !(perMinute >= 1 && perMinute <= LIMITS.ratePerMinuteMax)) {
      return undefined
    }
    return [name, perMinute]
  },
}
