import { equalBytes } from '#core/bytes.ts'
import { CAVEATS, isAccessCaveat } from '#core/caveat.ts'
import { CLASSIFICATIONS, rankOf } from '#core/classification.ts'
import type { PrincipalStanding } from '#core/directory/state.ts'
import { ALL_JURISDICTIONS } from '#core/jurisdiction.ts'

/** By what somebody may read: the active policy, and all that its rules of reading look at. */
export interface ReadRights {
  /** A bit for each right in RIGHTS that is held: a set of rights, as a whole number below 2^32. */
  readonly held: number
  readonly policyDigest: Uint8Array
}

export interface RightsHolder {
  readonly standing: PrincipalStanding
  /** The token came over the connection that it is bound to, or over one without TLS. */
  readonly isBound: boolean
}

type Right = (holder: RightsHolder) => boolean

/**
 * Each of them only ever opens: who holds more may read no less (a test asks the policy). What is
 * fixed for a principal, its agency, is none. A bit is a place in this table, and cursors keep the
 * bits: another order is another version of a cursor.
 */
const RIGHTS: readonly Right[] = [
  ({ standing }) => standing.active,
  ({ standing }) => standing.roles.includes('subscriber'),
  ({ standing }) => standing.kind === 'PERSON',
  ({ isBound }) => isBound,
  ...CLASSIFICATIONS.map((level): Right => {
    return ({ standing }) => rankOf(standing.clearance) >= rankOf(level)
  }),
  ...ALL_JURISDICTIONS.map((code): Right => {
    return ({ standing }) => standing.jurisdictions.includes(code)
  }),
  ...Object.keys(CAVEATS)
    .filter(isAccessCaveat)
    .map(
      (caveat): Right =>
        ({ standing }) =>
          standing.caveats.includes(caveat),
    ),
]

/** `holder` null: one whom nobody knows any longer. */
export const readRights = (holder: RightsHolder | null, policyDigest: Uint8Array): ReadRights => ({
  held: RIGHTS.reduce((held, right, at) => (holder && right(holder) ? held + 2 ** at : held), 0),
  policyDigest,
})

/**
 * Whether `now` opens nothing that was closed by `before`. Nobody can say what another policy would
 * have opened, so under another one it is never so.
 */
export const isWithin = (now: ReadRights, before: ReadRights): boolean =>
  equalBytes(now.policyDigest, before.policyDigest) && (now.held & ~before.held) === 0

/** What is held by both, under the same policy. */
export const inBoth = (one: ReadRights, other: ReadRights): ReadRights => ({
  policyDigest: one.policyDigest,
  held: equalBytes(one.policyDigest, other.policyDigest) ? (one.held & other.held) >>> 0 : 0,
})
