import { concatBytes, fromHex, utf8 } from '#core/bytes.ts'

/**
 * Avro by hand, for bytes that the writer of the hub would never write. Written from the
 * specification, so that the vectors do not repeat a mistake of core/avro.
 */

/** The shortest varint of zigzag `value`. */
export const long = (value: number | bigint): Uint8Array => varint(zigzag(BigInt(value)))

/** A varint one byte longer than it need be. */
export const overlong = (value: number): Uint8Array => {
  const bytes = long(value)
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) | 0x80
  return concatBytes(bytes, Uint8Array.of(0))
}

export const text = (value: string): Uint8Array => bytes(utf8(value))

export const bytes = (value: Uint8Array): Uint8Array => concatBytes(long(value.length), value)

export const double = (value: number): Uint8Array => {
  const field = new Uint8Array(8)
  new DataView(field.buffer).setFloat64(0, value, true)
  return field
}

/** One block of items, and the end. */
export const array = (...items: readonly Uint8Array[]): Uint8Array =>
  items.length === 0 ? long(0) : concatBytes(long(items.length), ...items, long(0))

/** The second branch of a union with null. */
export const some = (...parts: readonly Uint8Array[]): Uint8Array => concatBytes(long(1), ...parts)

export const NONE = Uint8Array.of(0)

/** `fingerprint`: 16 hexadecimal digits, most significant first. */
export const singleObject = (fingerprint: string, body: Uint8Array): Uint8Array =>
  concatBytes(Uint8Array.of(0xc3, 0x01), unhex(fingerprint).reverse(), body)

export const unhex = (digits: string): Uint8Array => {
  const value = fromHex(digits)
  if (value === null) throw new TypeError(`${digits} is not hexadecimal`)
  return value
}

/** The bytes with `bits` of the byte at `at` (from the end when negative) turned over. */
export const flipped = (value: Uint8Array, at: number, bits = 1): Uint8Array => {
  const changed = value.slice()
  const index = at < 0 ? value.length + at : at
  changed[index] = (changed[index] ?? 0) ^ bits
  return changed
}

const zigzag = (value: bigint): bigint => (value >= 0n ? value * 2n : -value * 2n - 1n)

const varint = (value: bigint): Uint8Array => {
  const septets: number[] = []
  for (let rest = value; ; rest >>= 7n) {
    const isLast = rest < 0x80n
    septets.push(Number(rest & 0x7fn) | (isLast ? 0 : 0x80))
    if (isLast) return Uint8Array.from(septets)
  }
}
