import { type Classification, isClassification } from '#core/classification.ts'
import { LIMITS } from '#core/limits.ts'
import type { Seal } from '#core/ports/seal.ts'
import { isRealm, type Realm } from '#core/realm.ts'

/** `<realm>.<classification>.<yyyy-mm>.<n>`, taken apart. */
export interface SealKeyId extends SealSeries {
  readonly text: string
  /** UTC, `yyyy-mm`. */
  readonly month: string
  /** From 1: a month's key can be followed by another of the same month. */
  readonly n: number
}

/** The keys of one realm and level, month after month. */
export interface SealSeries {
  readonly realm: Realm
  readonly classification: Classification
}

export const sealKeyIdFrom = (text: string): SealKeyId | null => {
  const [realm, classification, month, n, ...rest] = text.split('.')
  if (realm === undefined || classification === undefined || rest.length > 0) return null
  if (!isRealm(realm) || !isClassification(classification)) return null
  if (month === undefined || !/^\d{4}-(?:0[1-9]|1[0-2])$/.test(month)) return null
  if (n === undefined || !/^[1-9]\d{0,3}$/.test(n)) return null
  return { text, realm, classification, month, n: Number(n) }
}

export const sealKeyId = ({ realm, classification, month, n }: Omit<SealKeyId, 'text'>): string =>
  `${realm}.${classification}.${month}.${n}`

/** The UTC month of a time, `yyyy-mm`. */
export const monthOf = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 7)

/** The first moment of the UTC month that is `months` after the one of `timeMs`. */
export const monthStartMs = (timeMs: number, months: number): number => {
  const time = new Date(timeMs)
  return Date.UTC(time.getUTCFullYear(), time.getUTCMonth() + months)
}

/**
 * The first moment, from `nowMs` on, at which one of the series has no key. `nowMs` itself when
 * that is so already; looks no further ahead than `LIMITS.sealMonthsAheadMax`.
 */
export const sealKeysRunOutMs = (
  seal: Pick<Seal, 'keyIdFor'>,
  series: readonly SealSeries[],
  nowMs: number,
): number => {
  const hasAllAt = (timeMs: number): boolean =>
    series.every((one) => seal.keyIdFor(one.realm, one.classification, timeMs) !== null)
  let timeMs = nowMs
  for (let month = 1; month <= LIMITS.sealMonthsAheadMax && hasAllAt(timeMs); month += 1) {
    timeMs = monthStartMs(nowMs, month)
  }
  return timeMs
}
