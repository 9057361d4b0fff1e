import { createCipheriv } from 'node:crypto'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { concatBytes, hex } from '#core/bytes.ts'
import { ALERT_PAYLOAD_TYPE, preAuthenticationEncoding, signEnvelope } from '#core/envelope.ts'
import { BASE, ID, SENT_AT_MS } from '#tools/vectors/base-alert.ts'
import { KP_ALERTS } from '#tools/vectors/directory-cast.ts'
import { bytesFor, type VectorKey } from '#tools/vectors/keys.ts'
import { bytes, long, singleObject, text, unhex } from '#tools/vectors/raw-avro.ts'
import { payloadOf, uuid } from '#tools/vectors/written-alert.ts'

export const FRAME_FINGERPRINT = 'd13621c5965b29f6'
export const STAMP_FINGERPRINT = 'c5a8dbf9f7444af7'

export interface StampJson {
  readonly realm: 'live' | 'exercise'
  readonly origin: string
  readonly id: string
  readonly digest: string
  readonly publishRecord: { readonly index: number; readonly leafHash: string }
  readonly directorySequence: number
  readonly acceptedAtMs: number
}

/** Whatever is given, whether it means something or not. */
export const rawStamp = (stamp: StampJson): Uint8Array =>
  singleObject(
    STAMP_FINGERPRINT,
    concatBytes(
      long(stamp.realm === 'live' ? 0 : 1),
      text(stamp.origin),
      uuid(stamp.id),
      unhex(stamp.digest),
      long(stamp.publishRecord.index),
      unhex(stamp.publishRecord.leafHash),
      long(stamp.directorySequence),
      long(stamp.acceptedAtMs),
    ),
  )

export interface FrameParts {
  readonly stamp: Uint8Array
  readonly sealKeyId: string
  readonly nonce: Uint8Array
  readonly ciphertext: Uint8Array
}

export const rawFrame = (parts: FrameParts): Uint8Array =>
  singleObject(
    FRAME_FINGERPRINT,
    concatBytes(additionalDataOf(parts), parts.nonce, bytes(parts.ciphertext)),
  )

/** The body of a frame up to and including sealKeyId. */
export const additionalDataOf = ({ stamp, sealKeyId }: Pick<FrameParts, 'stamp' | 'sealKeyId'>) =>
  concatBytes(bytes(stamp), text(sealKeyId))

export const sealKey = (id: string): Uint8Array => bytesFor(`seal key ${id}`)

const sealed = (open: Omit<FrameParts, 'ciphertext'>, plaintext: Uint8Array): Uint8Array => {
  const cipher = createCipheriv('aes-256-gcm', sealKey(open.sealKeyId), open.nonce)
  cipher.setAAD(additionalDataOf(open))
  return concatBytes(cipher.update(plaintext), cipher.final(), cipher.getAuthTag())
}

/** The nonce is made of the other parts, so that no two frames under a key share one. */
export const sealedFrame = (
  stamp: Uint8Array,
  sealKeyId: string,
  plaintext: Uint8Array,
): FrameParts => {
  const nonce = sha256(concatBytes(stamp, plaintext)).slice(0, 12)
  const open = { stamp, sealKeyId, nonce }
  return { ...open, ciphertext: sealed(open, plaintext) }
}

export const signed = (
  payload: Uint8Array,
  by: readonly VectorKey[] = [KP_ALERTS],
): Promise<Uint8Array> => signEnvelope(ALERT_PAYLOAD_TYPE, payload, by)

export const digestOfPayload = (payload: Uint8Array): string =>
  hex(sha256(preAuthenticationEncoding(ALERT_PAYLOAD_TYPE, payload)))

/** Of the base alert, accepted a little after it was sent, by the whole directory. */
export const STAMP: StampJson = {
  realm: 'live',
  origin: 'ctd-kp',
  id: ID,
  digest: digestOfPayload(payloadOf(BASE)),
  publishRecord: { index: 4_711, leafHash: hex(bytesFor('leaf of the publication')) },
  directorySequence: 38,
  acceptedAtMs: SENT_AT_MS + 1_500,
}
