import { isAgencyId } from '#core/agency.ts'
import type { AlertName } from '#core/alert.ts'
import { decodeSingleObject, encodeSingleObject, HEADER_BYTES } from '#core/avro/single-object.ts'
import { varintBytes } from '#core/avro/writer.ts'
import { frameCodec, frameCodecs, stampCodec, stampCodecs } from '#core/codecs.ts'
import type { Opened, Seal } from '#core/ports/seal.ts'
import type { Realm } from '#core/realm.ts'
import { monthOf, type SealKeyId, sealKeyIdFrom } from '#core/seal-key.ts'
import { isTimeMs } from '#core/time.ts'
import { uuidBytes, uuidFromBytes } from '#core/uuid.ts'

/** What the accepting gateway says of an alert. Readable in topics; authenticated by the seal. */
export interface Stamp extends AlertName {
  readonly realm: Realm
  readonly digest: Uint8Array
  readonly publishRecord: { readonly index: number; readonly leafHash: Uint8Array }
  /** The directory by which the alert was judged. */
  readonly directorySequence: number
  readonly acceptedAtMs: number
}

/** What topics and the alert index store: a stamp in the clear, the signed alert under a seal. */
export interface Frame {
  readonly stamp: Stamp
  readonly stampBytes: Uint8Array
  readonly sealKeyId: SealKeyId
  readonly nonce: Uint8Array
  readonly ciphertext: Uint8Array
  /** The frame's body up to and including sealKeyId: what the seal covers beside the content. */
  readonly additionalData: Uint8Array
}

/** Seals a signed alert's bytes into a frame. `nonce`: 12 random bytes. */
export const sealFrame = (
  seal: Seal,
  parts: {
    readonly stamp: Stamp
    readonly signedAlert: Uint8Array
    readonly sealKeyId: string
    readonly nonce: Uint8Array
  },
): Uint8Array => {
  const { sealKeyId, nonce } = parts
  const open = { stamp: encodeStamp(parts.stamp), sealKeyId, nonce }
  const ciphertext = seal.seal({
    keyId: sealKeyId,
    nonce,
    additionalData: additionalDataOf(open),
    plaintext: parts.signedAlert,
  })
  return encodeSingleObject(frameCodec, { ...open, ciphertext })
}

/** Reads a frame's outside; null when it is none, or its parts contradict each other. */
export const frameFrom = (bytes: Uint8Array): Frame | null => {
  const read = decodeSingleObject(frameCodecs, bytes)
  if (!read.ok) return null
  const { stamp: stampBytes, nonce, ciphertext } = read.value
  const stamp = stampFrom(stampBytes)
  const sealKeyId = sealKeyIdFrom(read.value.sealKeyId)
  if (stamp === null || sealKeyId === null) return null
  if (sealKeyId.realm !== stamp.realm || sealKeyId.month !== monthOf(stamp.acceptedAtMs))
    return null
  // The reader takes only what the writer writes: so these are the bytes of `additionalDataOf`.
  const end = bytes.length - ciphertext.length - varintBytes(ciphertext.length) - NONCE_BYTES
  const additionalData = bytes.subarray(HEADER_BYTES, end)
  return { stamp, stampBytes, sealKeyId, nonce, ciphertext, additionalData }
}

/** The signed alert's bytes, or why there are none. */
export const openFrame = (seal: Seal, frame: Frame): Opened =>
  seal.open({
    keyId: frame.sealKeyId.text,
    nonce: frame.nonce,
    additionalData: frame.additionalData,
    ciphertext: frame.ciphertext,
  })

const NONCE_BYTES = 12
const EMPTY = new Uint8Array(0)

/** Both parts lead with their length in the encoding, so no two frames share these bytes. */
const additionalDataOf = (open: { readonly stamp: Uint8Array; readonly sealKeyId: string }) => {
  const nonce = new Uint8Array(NONCE_BYTES)
  const body = frameCodec.write({
    stamp: open.stamp,
    sealKeyId: open.sealKeyId,
    nonce,
    ciphertext: EMPTY,
  })
  // What follows sealKeyId here is the nonce and the one byte that says «no ciphertext».
  return body.subarray(0, body.length - NONCE_BYTES - 1)
}

export const encodeStamp = (stamp: Stamp): Uint8Array =>
  encodeSingleObject(stampCodec, { ...stamp, id: uuidBytes(stamp.id) })

/** Null when the bytes are no stamp. */
export const stampFrom = (bytes: Uint8Array): Stamp | null => {
  const read = decodeSingleObject(stampCodecs, bytes)
  if (!read.ok) return null
  const { origin, acceptedAtMs, directorySequence, publishRecord } = read.value
  if (!isAgencyId(origin) || directorySequence < 0 || publishRecord.index < 0) return null
  if (!isTimeMs(acceptedAtMs)) return null
  return { ...read.value, origin, id: uuidFromBytes(read.value.id) }
}
