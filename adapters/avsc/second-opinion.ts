import avro from 'avsc'
import type { Codec } from '#core/avro/codec.ts'
import { fingerprintOf, HEADER_BYTES } from '#core/avro/single-object.ts'
import { equalBytes } from '#core/bytes.ts'
import { alertCodec, signedAlertCodec } from '#core/codecs.ts'
import type { SecondOpinion } from '#core/ports/second-opinion.ts'
import { alertSchema, signedAlertSchema } from '#core/schemas.ts'

/** avsc as the second reader. It never sees bytes that the strict reader has not accepted. */
export const openSecondOpinion = (): SecondOpinion => ({
  agreesOnSignedAlert: agrees(signedAlertCodec, signedAlertSchema),
  agreesOnAlert: agrees(alertCodec, alertSchema),
})

const agrees = ({ fingerprint }: Codec, schema: unknown): ((bytes: Uint8Array) => boolean) => {
  // avsc's own copy: it writes into the schema objects that it is given.
  const type = avro.Type.forSchema(structuredClone(schema) as avro.Schema, { wrapUnions: true })
  return (bytes) => {
    if (fingerprintOf(bytes) !== fingerprint) return false
    const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).subarray(HEADER_BYTES)
    try {
      return equalBytes(type.toBuffer(type.fromBuffer(body)), body)
    } catch {
      // Whatever avsc does not read, it does not agree on.
      return false
    }
  }
}
