import { isDeepStrictEqual } from 'node:util'
import type { Codec } from '#core/avro/codec.ts'
import { parseSchema, type Schema } from '#core/avro/schema.ts'
import {
  codecRegistry,
  decodeSingleObject,
  encodeSingleObject,
  HEADER_BYTES,
} from '#core/avro/single-object.ts'
import { concatBytes } from '#core/bytes.ts'
import {
  accessRecordCodec,
  alertCodec,
  deadLetterCodec,
  directoryEntryCodec,
  frameCodec,
  signedAlertCodec,
  stampCodec,
} from '#core/codecs.ts'
import {
  accessRecordSchema,
  alertSchema,
  deadLetterSchema,
  directoryEntrySchema,
  frameSchema,
  signedAlertSchema,
  stampSchema,
} from '#core/schemas.ts'
import { avscType, fromAvsc, isKnownToAvsc } from '#tests/avsc-values.ts'
import { DEAD_LETTERS, PAYLOADS, RECORDS, SIGNED_ALERTS, STAMP_BYTES } from '#tests/fuzz/corpus.ts'
import { encodedWithFault } from '#tests/fuzz/faulty-encoding.ts'
import { mutant } from '#tests/fuzz/mutate.ts'
import type { Random } from '#tests/fuzz/random.ts'
import { broken, sameBytes, type Target } from '#tests/fuzz/target.ts'
import { DIRECTORY_PAYLOADS } from '#tests/fuzz/targets/directory.ts'
import { FRAMES } from '#tests/fuzz/targets/frames.ts'
import { altered, anyValue } from '#tests/fuzz/values.ts'

/** How inputs of one schema are made: mutants of seeds, and values encoded with one fault or none. */
export interface Grammar {
  readonly codec: Codec
  readonly schema: Schema
  readonly seeds: readonly Uint8Array[]
  readonly values: readonly unknown[]
}

export const grammarOf = (codec: Codec, json: unknown, seeds: readonly Uint8Array[]): Grammar => {
  const registry = codecRegistry([codec])
  const values = seeds.map((bytes) => {
    const read = decodeSingleObject(registry, bytes)
    if (!read.ok) throw new Error(`a seed is not of its schema: ${read.code}`)
    return read.value
  })
  return { codec, schema: parseSchema(json), seeds, values }
}

export const madeBy = ({ codec, schema, seeds, values }: Grammar, random: Random): Uint8Array => {
  if (random.chance(0.4)) return mutant(seeds, random)
  const value = random.chance(0.2)
    ? anyValue(schema, random)
    : random.chance(0.2)
      ? random.pick(values)
      : altered(schema, random.pick(values), random)
  const body = random.chance(0.6) ? encodedWithFault(schema, value, random) : codec.write(value)
  return concatBytes(random.chance(0.02) ? random.bytes(HEADER_BYTES) : codec.header, body)
}

/** Accepted: both codecs read the same value of it, and both write the same bytes again. */
export const avroTarget = (name: string, json: unknown, grammar: Grammar): Target => {
  const registry = codecRegistry([grammar.codec])
  const second = avscType(json)
  return {
    name: `avro-${name}`,
    weight: 80,
    make: (random) => madeBy(grammar, random),
    take: (bytes) => {
      const read = decodeSingleObject(registry, bytes)
      if (!read.ok) {
        return read.at <= bytes.length ? 'refused' : broken('refused beyond the end')
      }
      sameBytes(encodeSingleObject(read.codec, read.value), bytes, 'core/avro writes other bytes')
      if (!isKnownToAvsc(grammar.schema, read.value)) return 'accepted'
      const body = Buffer.from(bytes.subarray(HEADER_BYTES))
      const value = second.fromBuffer(body)
      sameBytes(second.toBuffer(value), body, 'avsc writes other bytes')
      const isSame = isDeepStrictEqual(fromAvsc(grammar.schema, value), read.value)
      return isSame ? 'accepted' : broken('avsc reads another value')
    },
  }
}

const target = (name: string, codec: Codec, json: unknown, seeds: readonly Uint8Array[]): Target =>
  avroTarget(name, json, grammarOf(codec, json, seeds))

export const AVRO_TARGETS: readonly Target[] = [
  target('alert', alertCodec, alertSchema, PAYLOADS),
  target('signed-alert', signedAlertCodec, signedAlertSchema, SIGNED_ALERTS),
  target('stamp', stampCodec, stampSchema, STAMP_BYTES),
  target('frame', frameCodec, frameSchema, FRAMES),
  target('access-record', accessRecordCodec, accessRecordSchema, RECORDS),
  target('directory-entry', directoryEntryCodec, directoryEntrySchema, DIRECTORY_PAYLOADS),
  target('dead-letter', deadLetterCodec, deadLetterSchema, DEAD_LETTERS),
]
