import { decodeSingleObject, encodeSingleObject } from '#core/avro/single-object.ts'
import { concatBytes, utf8 } from '#core/bytes.ts'
import { signedAlertCodec, signedAlertCodecs } from '#core/codecs.ts'
import type { Sha256 } from '#core/hash.ts'
import { isKeyId, type KeyId } from '#core/key.ts'
import { LIMITS } from '#core/limits.ts'
import type { Signer } from '#core/ports/signer.ts'
import { accept, type Result, refuse } from '#core/refusal.ts'

/** The media type of a signed alert's bytes on the wire. */
export const SIGNED_ALERT_TYPE = 'application/vnd.rabta.signed-alert+avro'
export const ALERT_PAYLOAD_TYPE = 'application/vnd.rabta.alert+avro'
/** The media type of a signed directory entry's bytes on the wire. */
export const SIGNED_DIRECTORY_ENTRY_TYPE = 'application/vnd.rabta.signed-directory-entry+avro'
export const DIRECTORY_PAYLOAD_TYPE = 'application/vnd.rabta.directory-entry+avro'

/** A payload with its signatures: DSSE's envelope in Avro (`rabta.v1.SignedAlert`). */
export interface Envelope {
  readonly payloadType: string
  readonly payload: Uint8Array
  /** 1 to 4, sorted by key id, each key once. */
  readonly signatures: readonly Signature[]
}

export interface Signature {
  readonly keyId: KeyId
  readonly signature: Uint8Array
}

/** DSSE v1's pre-authentication encoding: what is signed and digested. Lengths in bytes. */
export const preAuthenticationEncoding = (payloadType: string, payload: Uint8Array): Uint8Array => {
  const type = utf8(payloadType)
  const head = utf8(`DSSEv1 ${type.length} ${payloadType} ${payload.length} `)
  return concatBytes(head, payload)
}

/** The digest of what was signed: it ignores the signatures. */
export const digestOf = ({ payloadType, payload }: Envelope, sha256: Sha256): Uint8Array =>
  sha256(preAuthenticationEncoding(payloadType, payload))

/** Reads an envelope in its one canonical form; checks no signature. */
export const envelopeFrom = (bytes: Uint8Array, payloadType: string): Result<Envelope> => {
  const begun = begunEnvelopeFrom(bytes, payloadType)
  return begun.ok && begun.value.signatures.length < 1 ? refuse('signatures-malformed') : begun
}

/** As `envelopeFrom`, but of what is still to be signed: there may be no signature yet. */
export const begunEnvelopeFrom = (bytes: Uint8Array, payloadType: string): Result<Envelope> => {
  const read = decodeSingleObject(signedAlertCodecs, bytes)
  if (!read.ok) return refuse('envelope-malformed', `${read.code} at byte ${read.at}`)
  if (read.value.payloadType !== payloadType) return refuse('payload-type-unknown')
  const signatures = signaturesFrom(read.value.signatures)
  if (signatures === null) return refuse('signatures-malformed')
  return accept({ payloadType, payload: read.value.payload, signatures })
}

type WrittenSignature = { readonly keyId: string; readonly signature: Uint8Array }

const signaturesFrom = (written: readonly WrittenSignature[]): readonly Signature[] | null => {
  if (written.length > LIMITS.signaturesMax) return null
  const signatures: Signature[] = []
  for (const { keyId, signature } of written) {
    const before = signatures.at(-1)
    if (!isKeyId(keyId) || signature.length !== SIGNATURE_BYTES) return null
    if (before !== undefined && !(before.keyId < keyId)) return null
    signatures.push({ keyId, signature })
  }
  return signatures
}

/** Of every algorithm there is (core/key.ts). */
const SIGNATURE_BYTES = 64

/** Signs `payload` with each signer and gives the envelope's bytes. `signers`: 1 to 4, all different. */
export const signEnvelope = async (
  payloadType: string,
  payload: Uint8Array,
  signers: readonly Signer[],
): Promise<Uint8Array> => {
  const message = preAuthenticationEncoding(payloadType, payload)
  const signatures = await Promise.all(
    signers.map(async (signer) => ({
      keyId: signer.keyId,
      signature: await signer.sign(message),
    })),
  )
  signatures.sort((a, b) => (a.keyId < b.keyId ? -1 : 1))
  return encodeSingleObject(signedAlertCodec, { payloadType, payload, signatures })
}

/** The same payload with one signature more. */
export const countersign = async (
  { payloadType, payload, signatures }: Envelope,
  signer: Signer,
): Promise<Uint8Array> => {
  const signature = await signer.sign(preAuthenticationEncoding(payloadType, payload))
  const others = signatures.filter(({ keyId }) => keyId !== signer.keyId)
  const all = [...others, { keyId: signer.keyId, signature }]
  all.sort((a, b) => (a.keyId < b.keyId ? -1 : 1))
  return encodeSingleObject(signedAlertCodec, { payloadType, payload, signatures: all })
}
