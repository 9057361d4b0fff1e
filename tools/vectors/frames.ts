import { concatBytes, hex, utf8 } from '#core/bytes.ts'
import { DIRECTORY_PAYLOAD_TYPE, signEnvelope } from '#core/envelope.ts'
import { BASE, OTHER_DIGEST, OTHER_ID } from '#tools/vectors/base-alert.ts'
import {
  KP_ALERTS,
  KP_ALERTS_OLD,
  KP_EXERCISE,
  NACTA_ALERTS,
  PUNJAB_ALERTS,
  STRANGER,
  VALID_TO_MS,
} from '#tools/vectors/directory-cast.ts'
import { authenticParts, authenticRows } from '#tools/vectors/frames-authentic.ts'
import type { VectorKey } from '#tools/vectors/keys.ts'
import { rawAlert } from '#tools/vectors/raw-alert.ts'
import { flipped, long, NONE } from '#tools/vectors/raw-avro.ts'
import {
  digestOfPayload,
  FRAME_FINGERPRINT,
  type FrameParts,
  rawFrame,
  rawStamp,
  STAMP,
  STAMP_FINGERPRINT,
  type StampJson,
  sealedFrame,
  sealKey,
  signed,
} from '#tools/vectors/raw-frame.ts'
import { vectorText } from '#tools/vectors/vector-file.ts'
import { payloadOf } from '#tools/vectors/written-alert.ts'

const CONFIDENTIAL = 'live.CONFIDENTIAL.2026-09.1'
const SEAL_KEYS = [
  CONFIDENTIAL,
  'live.CONFIDENTIAL.2026-09.2',
  'live.CONFIDENTIAL.2031-01.1',
  'live.SECRET.2026-09.1',
  'live.UNCLASSIFIED.2026-09.1',
  'live.UNCLASSIFIED.2026-10.1',
  'exercise.UNCLASSIFIED.2026-09.1',
  'exercise.CONFIDENTIAL.2026-09.1',
]
const DESTROYED = 'live.CONFIDENTIAL.2026-08.1'

/** What a service does with the entry of a topic, and why: written by hand. */
interface Unreadable {
  readonly why: string
  readonly state: 'ignored' | 'erased' | 'blocked'
  readonly reason: string
  readonly frame: Uint8Array
}

const ignored =
  (reason: string) =>
  (why: string, frame: Uint8Array): Unreadable => ({ why, state: 'ignored', reason, frame })

const malformed = ignored('frame-malformed')
const forged = ignored('seal-forged')
const contradicts = ignored('stamp-contradicts')

const damagedRows = async (): Promise<readonly Unreadable[]> => {
  const { parts, frame } = await authenticParts()
  const { stamp, nonce, ciphertext } = parts
  const other = (change: Partial<FrameParts>): Uint8Array => rawFrame({ ...parts, ...change })
  return [
    malformed('no bytes', new Uint8Array(0)),
    malformed('the signed alert without a seal', await signed(payloadOf(BASE))),
    malformed('cut before the last byte', frame.subarray(0, frame.length - 1)),
    malformed('cut inside the stamp', frame.subarray(0, 60)),
    malformed('a byte behind the end', concatBytes(frame, NONE)),
    malformed('a stamp without its header', other({ stamp: stamp.subarray(10) })),
    malformed('a stamp cut before its last byte', other({ stamp: stamp.subarray(0, -1) })),
    malformed('a byte behind the stamp', other({ stamp: concatBytes(stamp, NONE) })),
    malformed('no stamp', other({ stamp: new Uint8Array(0) })),
    forged('one bit of the stamp’s digest is another', other({ stamp: flipped(stamp, 40) })),
    forged('one bit of the stamp’s time is another', other({ stamp: flipped(stamp, -6, 2) })),
    forged('one bit of the nonce is another', other({ nonce: flipped(nonce, 0) })),
    forged(
      'the first bit of the ciphertext is another',
      other({ ciphertext: flipped(ciphertext, 0) }),
    ),
    forged('the last bit of the tag is another', other({ ciphertext: flipped(ciphertext, -1) })),
    forged('the tag is cut by a byte', other({ ciphertext: ciphertext.subarray(0, -1) })),
    forged('the tag is cut off', other({ ciphertext: ciphertext.subarray(0, -16) })),
    forged(
      'the tag is in front',
      other({
        ciphertext: concatBytes(ciphertext.subarray(-16), ciphertext.subarray(0, -16)),
      }),
    ),
    forged('no ciphertext', other({ ciphertext: new Uint8Array(0) })),
    forged('another key of the same month', other({ sealKeyId: 'live.CONFIDENTIAL.2026-09.2' })),
    forged('a key of another level', other({ sealKeyId: 'live.SECRET.2026-09.1' })),
    malformed('a key of the other realm', other({ sealKeyId: 'exercise.CONFIDENTIAL.2026-09.1' })),
    malformed('a key of another month', other({ sealKeyId: 'live.UNCLASSIFIED.2026-10.1' })),
    ...SEAL_KEY_IDS.map((sealKeyId) => malformed(`the key id ${sealKeyId}`, other({ sealKeyId }))),
    {
      why: 'a key that this node does not hold',
      state: 'blocked',
      reason: 'unknown-seal-key',
      frame: other({ sealKeyId: 'live.TOP_SECRET.2026-09.1' }),
    },
  ]
}

/** None of them is one, though each is of the stamp's realm and month as far as one can tell. */
const SEAL_KEY_IDS = [
  '',
  'live.CONFIDENTIAL.2026-09',
  'live.CONFIDENTIAL.2026-9.1',
  'live.CONFIDENTIAL.2026-09.0',
  'live.CONFIDENTIAL.2026-09.01',
  'live.CONFIDENTIAL.2026-09.10000',
  'live.CONFIDENTIAL.2026-09.1.1',
  'live.confidential.2026-09.1',
  'live.COSMIC.2026-09.1',
  'LIVE.CONFIDENTIAL.2026-09.1',
]

/** Sealed with the right key, over whatever is given. */
const sealedAs = (
  change: Partial<StampJson>,
  signedAlert: Uint8Array,
  sealKeyId = CONFIDENTIAL,
): Uint8Array => rawFrame(sealedFrame(rawStamp({ ...STAMP, ...change }), sealKeyId, signedAlert))

const stampRows = async (): Promise<readonly Unreadable[]> => {
  const good = await signed(payloadOf(BASE))
  const { publishRecord } = STAMP
  return [
    malformed('an origin that is no agency', sealedAs({ origin: 'CTD-KP' }, good)),
    malformed(
      'a record before the first',
      sealedAs({ publishRecord: { ...publishRecord, index: -1 } }, good),
    ),
    malformed('a directory before its first entry', sealedAs({ directorySequence: -1 }, good)),
    malformed('accepted before 1970', sealedAs({ acceptedAtMs: -1 }, good)),
    malformed('accepted after 2100', sealedAs({ acceptedAtMs: 4_102_444_800_001 }, good)),
    contradicts('another digest', sealedAs({ digest: OTHER_DIGEST }, good)),
    contradicts('another id', sealedAs({ id: OTHER_ID }, good)),
    contradicts(
      'under the key of a lower level than the label’s',
      sealedAs({}, good, 'live.UNCLASSIFIED.2026-09.1'),
    ),
    contradicts(
      'under the key of a higher level than the label’s',
      sealedAs({}, good, 'live.SECRET.2026-09.1'),
    ),
    {
      why: 'under a key that was destroyed',
      state: 'erased',
      reason: 'erased',
      frame: sealedAs({ acceptedAtMs: AUGUST_MS }, good, DESTROYED),
    },
  ]
}

/** 2026-08-31T23:59:59.999Z. */
const AUGUST_MS = 1_788_220_799_999

const keyRows = async (): Promise<readonly Unreadable[]> => {
  const payload = payloadOf(BASE)
  const by = async (key: VectorKey, change: Partial<StampJson> = {}, sealKeyId = CONFIDENTIAL) =>
    sealedAs(change, await signed(payload, [key]), sealKeyId)
  const good = await signed(payload)
  const exercise = payloadOf({ ...BASE, realm: 'exercise' })
  return [
    ignored('key-unknown')('by a key that is in no directory', await by(STRANGER)),
    ignored('key-unknown')(
      'as of an entry before its key’s',
      await by(KP_ALERTS, { directorySequence: 9 }),
    ),
    ignored('stamp-ahead-of-directory')(
      'as of an entry that is not there',
      await by(KP_ALERTS, { directorySequence: 58 }),
    ),
    ignored('key-of-another-agency')('by another agency', await by(PUNJAB_ALERTS)),
    ignored('key-of-another-agency')(
      'under another agency’s name, by its own key',
      sealedAs({ origin: 'ctd-punjab' }, good),
    ),
    contradicts(
      'under another agency’s name, by that agency’s key',
      await by(PUNJAB_ALERTS, { origin: 'ctd-punjab' }),
    ),
    ignored('key-wrong-usage')('by the key for exercises', await by(KP_EXERCISE)),
    contradicts(
      'an alert of an exercise among those in earnest',
      sealedAs({ digest: digestOfPayload(exercise) }, await signed(exercise)),
    ),
    contradicts(
      'an alert in earnest among those of exercises',
      await by(KP_EXERCISE, { realm: 'exercise' }, 'exercise.CONFIDENTIAL.2026-09.1'),
    ),
    ignored('key-revoked')('by a revoked key', await by(KP_ALERTS_OLD)),
    ignored('key-revoked')(
      'as of the entry that revokes it',
      await by(KP_ALERTS_OLD, { directorySequence: 26 }),
    ),
    ignored('key-not-valid-now')(
      'accepted when its key was no longer valid',
      await by(KP_ALERTS, { acceptedAtMs: VALID_TO_MS }, 'live.CONFIDENTIAL.2031-01.1'),
    ),
    ignored('agency-suspended')(
      'while its agency was suspended',
      await by(PUNJAB_ALERTS, { origin: 'ctd-punjab', directorySequence: 33 }),
    ),
    ignored('key-of-another-agency')(
      'by two agencies',
      sealedAs({}, await signed(payload, [KP_ALERTS, NACTA_ALERTS])),
    ),
  ]
}

const contentRows = async (): Promise<readonly Unreadable[]> => {
  const good = await signed(payloadOf(BASE))
  const over = async (payload: Uint8Array): Promise<Uint8Array> =>
    sealedAs({ digest: digestOfPayload(payload) }, await signed(payload))
  const entry = await signEnvelope(DIRECTORY_PAYLOAD_TYPE, payloadOf(BASE), [KP_ALERTS])
  return [
    ignored('envelope-malformed')('no envelope inside', sealedAs({}, utf8('no envelope'))),
    ignored('envelope-malformed')('nothing inside', sealedAs({}, new Uint8Array(0))),
    ignored('payload-type-unknown')('a directory’s entry inside', sealedAs({}, entry)),
    // The signature's last byte: the envelope ends with the end of the list.
    ignored('signature-invalid')(
      'a signature with another bit inside',
      sealedAs({}, flipped(good, -2)),
    ),
    ignored('alert-malformed')(
      'an alert that is not canonical',
      await over(rawAlert({ credibility: Uint8Array.of(0x84, 0) })),
    ),
    ignored('alert-meaningless')(
      'an alert that means nothing',
      await over(rawAlert({ credibility: long(7) })),
    ),
    ignored('label-invalid')(
      'an alert for no jurisdiction',
      await over(rawAlert({ jurisdictions: NONE })),
    ),
    {
      why: 'an alert of a schema that this version does not know',
      state: 'blocked',
      reason: 'schema-unknown',
      frame: await over(rawAlert({}, '0123456789abcdef')),
    },
  ]
}

export const frameVectors = async (): Promise<string> => {
  const groups = [damagedRows, stampRows, keyRows, contentRows]
  const unreadable = (await Promise.all(groups.map((rows) => rows()))).flat()
  return vectorText(
    'Frames as topics hold them, judged by the directory of directory.json: authentic ones taken apart; others with what a service does about them, and why.',
    {
      frameFingerprint: FRAME_FINGERPRINT,
      stampFingerprint: STAMP_FINGERPRINT,
      sealKeys: SEAL_KEYS.map((id) => ({ id, key: hex(sealKey(id)) })),
      destroyed: [DESTROYED],
      authentic: await authenticRows(),
      others: unreadable.map((row) => ({ ...row, frame: hex(row.frame) })),
    },
  )
}
