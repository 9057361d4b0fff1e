import { hex } from '#core/bytes.ts'
import { BARE, BASE, SENT_AT_MS } from '#tools/vectors/base-alert.ts'
import {
  KP_ALERTS,
  KP_ALERTS_CARD,
  KP_ALERTS_OLD,
  KP_EXERCISE,
} from '#tools/vectors/directory-cast.ts'
import type { VectorKey } from '#tools/vectors/keys.ts'
import {
  additionalDataOf,
  digestOfPayload,
  rawFrame,
  rawStamp,
  STAMP,
  type StampJson,
  sealedFrame,
  signed,
} from '#tools/vectors/raw-frame.ts'
import { type AlertJson, payloadOf } from '#tools/vectors/written-alert.ts'

/** 2026-10-01T00:00:00Z. */
const OCTOBER_MS = 1_790_812_800_000

interface Authentic {
  readonly why: string
  readonly alert: AlertJson
  readonly sealKeyId: string
  readonly by?: readonly VectorKey[]
  readonly stamp?: Partial<StampJson>
}

const SECRET: AlertJson = { ...BASE, label: { ...BASE.label, classification: 'SECRET' } }

const ROWS: readonly Authentic[] = [
  { why: 'an alert', alert: BASE, sealKeyId: 'live.CONFIDENTIAL.2026-09.1' },
  {
    why: 'under a second key of the same month',
    alert: BASE,
    sealKeyId: 'live.CONFIDENTIAL.2026-09.2',
    stamp: { acceptedAtMs: SENT_AT_MS + 1_600 },
  },
  {
    why: 'with two signatures',
    alert: SECRET,
    sealKeyId: 'live.SECRET.2026-09.1',
    by: [KP_ALERTS, KP_ALERTS_CARD],
  },
  {
    why: 'of an exercise',
    alert: { ...BARE, realm: 'exercise' },
    sealKeyId: 'exercise.UNCLASSIFIED.2026-09.1',
    by: [KP_EXERCISE],
  },
  {
    why: 'accepted in the last millisecond of a month',
    alert: BARE,
    sealKeyId: 'live.UNCLASSIFIED.2026-09.1',
    stamp: { acceptedAtMs: OCTOBER_MS - 1 },
  },
  {
    why: 'accepted in the first millisecond of the next',
    alert: BARE,
    sealKeyId: 'live.UNCLASSIFIED.2026-10.1',
    stamp: { acceptedAtMs: OCTOBER_MS },
  },
  {
    why: 'as of the entry that added its key',
    alert: BARE,
    sealKeyId: 'live.UNCLASSIFIED.2026-09.1',
    stamp: { directorySequence: 10, publishRecord: { ...STAMP.publishRecord, index: 0 } },
  },
  {
    why: 'under a key that was revoked by a later entry than the stamp’s',
    alert: BARE,
    sealKeyId: 'live.UNCLASSIFIED.2026-09.1',
    by: [KP_ALERTS_OLD],
    stamp: { directorySequence: 25 },
  },
]

export const authenticRows = () => Promise.all(ROWS.map(authenticRow))

const authenticRow = async ({ why, alert, sealKeyId, by, stamp: part }: Authentic) => {
  const payload = payloadOf(alert)
  const { realm, id, origin } = alert
  const stamp = { ...STAMP, realm, id, origin, digest: digestOfPayload(payload), ...part }
  const signedAlert = await signed(payload, by)
  const parts = sealedFrame(rawStamp(stamp), sealKeyId, signedAlert)
  return {
    why,
    frame: hex(rawFrame(parts)),
    stamp,
    stampBytes: hex(parts.stamp),
    sealKeyId,
    nonce: hex(parts.nonce),
    additionalData: hex(additionalDataOf(parts)),
    ciphertext: hex(parts.ciphertext),
    signedAlert: hex(signedAlert),
  }
}

/** The first of the rows, to be damaged. */
export const authenticParts = async () => {
  const signedAlert = await signed(payloadOf(BASE))
  const parts = sealedFrame(rawStamp(STAMP), 'live.CONFIDENTIAL.2026-09.1', signedAlert)
  return { parts, signedAlert, frame: rawFrame(parts) }
}
