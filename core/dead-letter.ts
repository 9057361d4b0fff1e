import { isAgencyId } from '#core/agency.ts'
import type { AlertName } from '#core/alert.ts'
import { decodeSingleObject, encodeSingleObject } from '#core/avro/single-object.ts'
import { deadLetterCodec, deadLetterCodecs } from '#core/codecs.ts'
import type { Realm } from '#core/realm.ts'
import { uuidBytes, uuidFromBytes } from '#core/uuid.ts'

/** An alert that the router could not route: ids, digest and reason, never content. */
export interface DeadLetter extends AlertName {
  readonly realm: Realm
  readonly digest: Uint8Array
  /** A code. */
  readonly reason: string
  readonly intakeOffset: number
  /** Leaf index of the DEAD_LETTER record. */
  readonly recordIndex: number
}

export const encodeDeadLetter = (letter: DeadLetter): Uint8Array =>
  encodeSingleObject(deadLetterCodec, { ...letter, id: uuidBytes(letter.id) })

/** Null when the bytes are no dead letter. */
export const decodeDeadLetter = (bytes: Uint8Array): DeadLetter | null => {
  const read = decodeSingleObject(deadLetterCodecs, bytes)
  if (!read.ok || !isAgencyId(read.value.origin)) return null
  return { ...read.value, origin: read.value.origin, id: uuidFromBytes(read.value.id) }
}
