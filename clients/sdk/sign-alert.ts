import type { Alert } from '#core/alert.ts'
import { decodeAlert, encodeAlert } from '#core/alert-codec.ts'
import { ALERT_PAYLOAD_TYPE, type Envelope, envelopeFrom, signEnvelope } from '#core/envelope.ts'
import { LIMITS } from '#core/limits.ts'
import type { Signer } from '#core/ports/signer.ts'
import type { Refusal, RefusalCode } from '#core/refusal.ts'

/** What was to be signed or sent is no alert that a hub takes: found before anything was sent. */
export class AlertUnusable extends Error {
  override readonly name = 'AlertUnusable'
  readonly code: RefusalCode
  /** Which field or byte; never content. */
  readonly detail: string | null

  constructor({ code, detail }: Refusal) {
    super(detail === undefined ? code : `${code}: ${detail}`)
    this.code = code
    this.detail = detail ?? null
  }
}

/**
 * The bytes of a signed alert, for `publish`; the same alert and keys may give other bytes of the
 * same digest. `signers`: 1 to 4 different keys of the origin, of the realm's usage. Throws
 * `AlertUnusable` when the alert has no meaning or is too long, `AvroWriteError` when a field is of
 * a wrong type, a `RangeError` for the signers, and whatever a signer rejects with.
 */
export const signAlert = async (alert: Alert, signers: readonly Signer[]): Promise<Uint8Array> => {
  const keys = new Set(signers.map(({ keyId }) => keyId))
  if (keys.size < 1 || keys.size > LIMITS.signaturesMax || keys.size < signers.length) {
    throw new RangeError(`1 to ${LIMITS.signaturesMax} different keys sign an alert`)
  }
  const payload = encodeAlert(alert)
  // Read again before it is signed: an alert that was put together by hand may mean nothing.
  const read = decodeAlert(payload)
  if (!read.ok) throw new AlertUnusable(read.refusal)
  const bytes = await signEnvelope(ALERT_PAYLOAD_TYPE, payload, signers)
  readSignedAlert(bytes)
  return bytes
}

/** What bytes that are to be sent say. Throws `AlertUnusable`. Verifies no signature. */
export const readSignedAlert = (
  bytes: Uint8Array,
): { readonly envelope: Envelope; readonly alert: Alert } => {
  if (bytes.length > LIMITS.signedAlertBytesMax)
    throw new AlertUnusable({ code: 'alert-too-large' })
  const envelope = envelopeFrom(bytes, ALERT_PAYLOAD_TYPE)
  if (!envelope.ok) throw new AlertUnusable(envelope.refusal)
  const alert = decodeAlert(envelope.value.payload)
  if (!alert.ok) throw new AlertUnusable(alert.refusal)
  return { envelope: envelope.value, alert: alert.value }
}
