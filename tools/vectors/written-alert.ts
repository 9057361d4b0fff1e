import type { WrittenAlert } from '#core/alert-meaning.ts'
import { encodeSingleObject } from '#core/avro/single-object.ts'
import { alertCodec } from '#core/codecs.ts'
import { unhex } from '#tools/vectors/raw-avro.ts'

type WrittenReference = WrittenAlert['references'][number]

/** An alert as the schema has it, readable: ids as UUIDs, digests in hexadecimal. */
export type AlertJson = Omit<WrittenAlert, 'id' | 'references'> & {
  readonly id: string
  readonly references: readonly (Omit<WrittenReference, 'id' | 'digest'> & {
    readonly id: string
    readonly digest: string
  })[]
}

export const writtenFrom = (json: AlertJson): WrittenAlert => ({
  ...json,
  id: uuid(json.id),
  references: json.references.map((one) => ({
    ...one,
    id: uuid(one.id),
    digest: unhex(one.digest),
  })),
})

/** Encodes what the schema lets through, whether it means something or not. */
export const payloadOf = (json: AlertJson): Uint8Array =>
  encodeSingleObject(alertCodec, writtenFrom(json))

export const uuid = (text: string): Uint8Array => unhex(text.replaceAll('-', ''))
