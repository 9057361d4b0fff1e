import { fromHex, hex } from '#core/bytes.ts'

declare const brand: unique symbol

/** A UUID in RFC 9562's text form, lower case. */
export type Uuid = string & { readonly [brand]: 'Uuid' }

export const UUID_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

export const isUuid = (text: string): text is Uuid => UUID_PATTERN.test(text)

/** `bytes`: exactly 16. */
export const uuidFromBytes = (bytes: Uint8Array): Uuid => {
  const digits = hex(bytes)
  const head = `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}`
  return `${head}-${digits.slice(16, 20)}-${digits.slice(20, 32)}` as Uuid
}

export const uuidBytes = (uuid: Uuid): Uint8Array => {
  const bytes = fromHex(uuid.replaceAll('-', ''))
  if (bytes === null) throw new TypeError('a Uuid that did not come from isUuid or uuidFromBytes')
  return bytes
}

/** A random UUID (version 4) from 16 random bytes. */
export const uuidFromRandom = (random: Uint8Array): Uuid => uuidWithVersion(random, 4)

/** A custom UUID (version 8) from 16 or more bytes of a hash: the same bytes give the same UUID. */
export const uuidFromHash = (hash: Uint8Array): Uuid => uuidWithVersion(hash, 8)

const uuidWithVersion = (source: Uint8Array, version: number): Uuid => {
  const bytes = source.slice(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | (version << 4)
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return uuidFromBytes(bytes)
}
