import { compileCodec } from '#core/avro/codec.ts'
import { codecRegistry } from '#core/avro/single-object.ts'
import {
  accessRecordSchema,
  alertSchema,
  deadLetterSchema,
  directoryEntrySchema,
  frameSchema,
  signedAlertSchema,
  stampSchema,
} from '#core/schemas.ts'

/** The schemas that this version writes, ready to use; compiled once. */
export const alertCodec = compileCodec(alertSchema)
export const signedAlertCodec = compileCodec(signedAlertSchema)
export const stampCodec = compileCodec(stampSchema)
export const frameCodec = compileCodec(frameSchema)
export const accessRecordCodec = compileCodec(accessRecordSchema)
export const directoryEntryCodec = compileCodec(directoryEntrySchema)
export const deadLetterCodec = compileCodec(deadLetterSchema)

/** The versions that each place reads. A new version of a schema is one more row. */
export const alertCodecs = codecRegistry([alertCodec])
export const signedAlertCodecs = codecRegistry([signedAlertCodec])
export const stampCodecs = codecRegistry([stampCodec])
export const frameCodecs = codecRegistry([frameCodec])
export const accessRecordCodecs = codecRegistry([accessRecordCodec])
export const directoryEntryCodecs = codecRegistry([directoryEntryCodec])
export const deadLetterCodecs = codecRegistry([deadLetterCodec])

/** All schemas by their fingerprint: for whoever meets one in a message. */
export const SCHEMAS_BY_FINGERPRINT: ReadonlyMap<string, PublishedSchema> = new Map(
  [
    [alertCodec, alertSchema] as const,
    [signedAlertCodec, signedAlertSchema] as const,
    [stampCodec, stampSchema] as const,
    [frameCodec, frameSchema] as const,
    [accessRecordCodec, accessRecordSchema] as const,
    [directoryEntryCodec, directoryEntrySchema] as const,
    [deadLetterCodec, deadLetterSchema] as const,
  ].map(([{ fingerprint }, schema]) => [fingerprint, schema]),
)

interface PublishedSchema {
  readonly name: string
  readonly namespace: string
}
