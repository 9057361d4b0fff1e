import type { Alert } from '#core/alert.ts'
import { alertFrom } from '#core/alert-meaning.ts'
import { decodeSingleObject, encodeSingleObject } from '#core/avro/single-object.ts'
import { alertCodec, alertCodecs } from '#core/codecs.ts'
import { type Result, refuse } from '#core/refusal.ts'
import { uuidBytes } from '#core/uuid.ts'

/** The payload that an agency signs. Throws AvroWriteError when `alert` is not of the schema. */
export const encodeAlert = (alert: Alert): Uint8Array =>
  encodeSingleObject(alertCodec, {
    ...alert,
    id: uuidBytes(alert.id),
    references: alert.references.map((one) => ({ ...one, id: uuidBytes(one.id) })),
  })

/** Reads a payload: its one canonical form, then its meaning; nothing that depends on the time. */
export const decodeAlert = (payload: Uint8Array): Result<Alert> => {
  const read = decodeSingleObject(alertCodecs, payload)
  if (read.ok) return alertFrom(read.value)
  if (read.code === 'unknown-schema') return refuse('schema-unknown')
  return refuse('alert-malformed', `${read.code} at byte ${read.at}`)
}
