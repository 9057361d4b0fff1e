import { canonicalForm } from '#core/avro/canonical-form.ts'
import { fingerprintOfForm } from '#core/avro/fingerprint.ts'
import type { ReadResult } from '#core/avro/read-result.ts'
import { type Budgets, compileReader } from '#core/avro/reader.ts'
import { parseSchema } from '#core/avro/schema.ts'
import { headerFor } from '#core/avro/single-object.ts'
import type { ValueOf } from '#core/avro/value-of.ts'
import { compileWriter } from '#core/avro/writer.ts'

/**
 * One schema, ready to read and write. A value is, by the schema's type:
 *
 * | schema | value |
 * |---|---|
 * | record | an object that owns exactly the fields, in the schema's order |
 * | enum | the symbol |
 * | array | an array |
 * | union of null and X | null, or X's value |
 * | any other union | null, or `{ type, value }` with the branch's full name or type |
 * | int, long | an integer within ±(2^31) or ±(2^53 − 1) |
 * | double | a finite number; −0 stays −0 |
 * | bytes, fixed | Uint8Array: a copy up to 64 bytes, longer a view of the bytes that were read |
 *
 * `read(bytes)` is ok exactly when `bytes` are what `write` makes of the value it gives.
 */
export interface Codec<V = unknown> {
  readonly canonicalForm: string
  /** CRC-64-AVRO of the canonical form: 16 hexadecimal digits, most significant first. */
  readonly fingerprint: string
  /** What stands before a value in single-object encoding; not to be changed. */
  readonly header: Uint8Array
  /** Never throws, whatever the bytes. */
  read(bytes: Uint8Array, budgets?: Budgets): ReadResult<V>
  /** Throws AvroWriteError when the value is not of the schema. */
  write(value: V): Uint8Array
}

/**
 * Throws AvroSchemaError when the schema is outside the subset (schema.ts). The value's type comes
 * from a schema whose type is literal (`as const`); it is `unknown` for JSON read at run time.
 */
export const compileCodec = <const S>(schemaJson: S): Codec<ValueOf<S>> => {
  const schema = parseSchema(schemaJson)
  const form = canonicalForm(schema)
  const fingerprint = fingerprintOfForm(form)
  const read = compileReader(schema)
  return {
    canonicalForm: form,
    fingerprint,
    header: headerFor(fingerprint),
    // The closures make a value of the schema; ValueOf says the same about the schema's type.
    read: (bytes, budgets) => read(bytes, budgets) as ReadResult<ValueOf<S>>,
    write: compileWriter(schema),
  }
}
