import type { Codec } from '#core/avro/codec.ts'
import type { AvroRefusal } from '#core/avro/read-result.ts'
import type { Budgets } from '#core/avro/reader.ts'
import { concatBytes, fromHex, hex } from '#core/bytes.ts'

/** Single-object encoding (Avro 1.12): C3 01, the fingerprint little-endian, the body. */
const MARKER = [0xc3, 0x01] as const
export const HEADER_BYTES = 10

/** The codecs a reader knows, by fingerprint. */
export type CodecRegistry<C extends Codec = Codec> = ReadonlyMap<string, C>

/** Throws when two schemas share a fingerprint: the header could not tell them apart. */
export const codecRegistry = <C extends Codec>(codecs: readonly C[]): CodecRegistry<C> => {
  const registry = new Map(codecs.map((codec) => [codec.fingerprint, codec]))
  if (registry.size < codecs.length) throw new Error('two codecs of one fingerprint')
  return registry
}

/** Throws AvroWriteError when the value is not of the codec's schema. */
export const encodeSingleObject = <V>(codec: Codec<V>, value: V): Uint8Array =>
  concatBytes(codec.header, codec.write(value))

/** What stands before a body of the schema with this fingerprint. */
export const headerFor = (fingerprint: string): Uint8Array => {
  const bytes = fromHex(fingerprint)
  if (bytes?.length !== HEADER_BYTES - MARKER.length) throw new Error('not a fingerprint')
  return Uint8Array.of(...MARKER, ...bytes.reverse())
}

/** The fingerprint in the header, or null when this is no single-object encoding. */
export const fingerprintOf = (bytes: Uint8Array): string | null =>
  bytes.length < HEADER_BYTES || MARKER.some((byte, index) => bytes[index] !== byte)
    ? null
    : hex(new Uint8Array(bytes.subarray(MARKER.length, HEADER_BYTES)).reverse())

export type DecodeResult<C extends Codec> = Decoded<C> | AvroRefusal

// One alternative for each codec, so that a value keeps its own codec's type.
type Decoded<C> =
  C extends Codec<infer V> ? { readonly ok: true; readonly codec: C; readonly value: V } : never

/** Offsets in refusals count from the start of the header; `bytesMax` bounds the body alone. */
export const decodeSingleObject = <C extends Codec>(
  codecs: CodecRegistry<C>,
  bytes: Uint8Array,
  budgets: Budgets = {},
): DecodeResult<C> => {
  const codec = codecUnder(codecs, bytes)
  if (codec === null) {
    const code = fingerprintOf(bytes) === null ? 'not-single-object' : 'unknown-schema'
    return { ok: false, code, at: code === 'unknown-schema' ? MARKER.length : 0 }
  }
  const result = codec.read(bytes.subarray(HEADER_BYTES), budgets)
  if (!result.ok) return { ...result, at: result.at + HEADER_BYTES }
  return { ok: true, codec, value: result.value } as Decoded<C>
}

const codecUnder = <C extends Codec>(codecs: CodecRegistry<C>, bytes: Uint8Array): C | null => {
  for (const codec of codecs.values()) if (isUnder(codec.header, bytes)) return codec
  return null
}

const isUnder = (header: Uint8Array, bytes: Uint8Array): boolean => {
  if (bytes.length < HEADER_BYTES) return false
  for (let at = 0; at < HEADER_BYTES; at += 1) {
    if (bytes[at] !== header[at]) return false
  }
  return true
}
