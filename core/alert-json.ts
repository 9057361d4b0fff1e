import type { Alert } from '#core/alert.ts'
import { hex } from '#core/bytes.ts'

/** An alert as JSON for people and programs to look at; what was signed is the Avro bytes alone. */
export const alertToJson = (alert: Alert) => ({
  ...alert,
  references: alert.references.map((one) => ({ ...one, digest: hex(one.digest) })),
})
