import type { Realm } from '#core/realm.ts'
import type { RefusalCode } from '#core/refusal.ts'
import {
  day,
  KP_ALERTS,
  KP_ALERTS_OLD,
  KP_EXERCISE,
  KP_OFFICER,
  NACTA_ALERTS,
  PUNJAB_ALERTS,
  ROOTS,
  STRANGER,
  TOKENS,
  VALID_TO_MS,
} from '#tools/vectors/directory-cast.ts'
import type { VectorKey } from '#tools/vectors/keys.ts'

interface KeyStanding {
  readonly why: string
  readonly keyId: string
  readonly origin: string
  readonly realm: Realm
  readonly directorySequence: number
  readonly acceptedAtMs: number
  /** Why the key might not sign for the origin as of that sequence and time. */
  readonly fault: RefusalCode | null
  /** Whether the whole topic says that the key was compromised by that time. */
  readonly compromised: boolean
}

const ASKED = {
  origin: 'ctd-kp',
  realm: 'live',
  directorySequence: 38,
  acceptedAtMs: day(12),
  compromised: false,
} as const

/** Faults are written by hand; the sequences are those of the topic. */
const row = (
  why: string,
  key: VectorKey,
  fault: RefusalCode | null,
  asked: Partial<KeyStanding> = {},
): KeyStanding => ({ why, keyId: key.keyId, ...ASKED, ...asked, fault })

const as = (directorySequence: number, rest: Partial<KeyStanding> = {}): Partial<KeyStanding> => ({
  directorySequence,
  ...rest,
})
const NACTA_YEAR = { origin: 'nacta' }
const FROM_PUNJAB = { origin: 'ctd-punjab' }

export const KEY_STANDINGS: readonly KeyStanding[] = [
  row('a key of the origin', KP_ALERTS, null),
  row('as of the entry that adds it', KP_ALERTS, null, as(10)),
  row('as of the entry before', KP_ALERTS, 'key-unknown', as(9)),
  row('a key that is in no directory', STRANGER, 'key-unknown'),
  row('a root key', ROOTS[0], 'key-unknown'),
  row('another agency’s key', KP_ALERTS, 'key-of-another-agency', FROM_PUNJAB),
  row('an agency that is not there', KP_ALERTS, 'key-of-another-agency', { origin: 'fia' }),
  row('the hub’s key', TOKENS, 'key-of-another-agency'),
  row('a key for alerts in an exercise', KP_ALERTS, 'key-wrong-usage', { realm: 'exercise' }),
  row('a key for exercises in earnest', KP_EXERCISE, 'key-wrong-usage'),
  row('a key for exercises in an exercise', KP_EXERCISE, null, { realm: 'exercise' }),
  row('a principal’s key', KP_OFFICER, 'key-wrong-usage'),
  row('a revoked key', KP_ALERTS_OLD, 'key-revoked', { compromised: true }),
  row('as of the revocation', KP_ALERTS_OLD, 'key-revoked', as(26, { compromised: true })),
  row('as of the entry before it', KP_ALERTS_OLD, null, as(25, { compromised: true })),
  row(
    'when it was compromised',
    KP_ALERTS_OLD,
    null,
    as(25, {
      acceptedAtMs: day(6),
      compromised: true,
    }),
  ),
  row('before it was compromised', KP_ALERTS_OLD, null, as(25, { acceptedAtMs: day(6) - 1 })),
  row('not valid yet', NACTA_ALERTS, 'key-not-valid-now', {
    ...NACTA_YEAR,
    acceptedAtMs: day(100) - 1,
  }),
  row('just valid', NACTA_ALERTS, null, { ...NACTA_YEAR, acceptedAtMs: day(100) }),
  row('still valid', NACTA_ALERTS, null, { ...NACTA_YEAR, acceptedAtMs: day(465) - 1 }),
  row('no longer valid', NACTA_ALERTS, 'key-not-valid-now', {
    ...NACTA_YEAR,
    acceptedAtMs: day(465),
  }),
  row('at the end of its validity', KP_ALERTS, 'key-not-valid-now', { acceptedAtMs: VALID_TO_MS }),
  row('before its agency is suspended', PUNJAB_ALERTS, null, as(32, FROM_PUNJAB)),
  row('while it is', PUNJAB_ALERTS, 'agency-suspended', as(33, FROM_PUNJAB)),
  row('after it was', PUNJAB_ALERTS, null, as(34, FROM_PUNJAB)),
]
