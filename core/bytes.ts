/** Bytes and their texts. Decoders return null for anything but the one canonical form. */

export const concatBytes = (...parts: readonly Uint8Array[]): Uint8Array => {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

/** Not constant-time: for public values only. */
export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a.length !== b.length) return false
  for (let index = 0; index < a.length; index += 1) {
    if (a[index] !== b[index]) return false
  }
  return true
}

/** Orders as Avro orders bytes: unsigned, lexicographic. Negative, zero or positive. */
export const compareBytes = (a: Uint8Array, b: Uint8Array): number => {
  const shared = Math.min(a.length, b.length)
  for (let index = 0; index < shared; index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export const utf8 = (text: string): Uint8Array =>
  (text.length <= SHORT_CHARACTERS_MAX ? ascii(text) : null) ?? encoder.encode(text)

/** Up to here a call of the encoder takes longer than the text. */
const SHORT_CHARACTERS_MAX = 64

/** Null when `text` has a character that is none of ASCII's. */
const ascii = (text: string): Uint8Array | null => {
  const bytes = new Uint8Array(text.length)
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code > 0x7f) return null
    bytes[index] = code
  }
  return bytes
}

/** The text, or null when the bytes are not valid UTF-8. */
export const fromUtf8 = (bytes: Uint8Array): string | null => {
  try {
    return decoder.decode(bytes)
  } catch {
    return null
  }
}

/**
 * What ECMAScript 2026 gives to bytes, where the platform has it: Node 24 and older browsers do
 * not. A loop that adds to a text takes far longer, and leaves a tree of parts to collect.
 */
interface TextOfBytes {
  readonly toHex?: () => string
  readonly toBase64?: (options: {
    readonly alphabet: 'base64' | 'base64url'
    readonly omitPadding: boolean
  }) => string
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

export const hex = (bytes: Uint8Array & TextOfBytes): string => {
  if (bytes.toHex !== undefined) return bytes.toHex()
  let text = ''
  for (const byte of bytes) text += HEX[byte]
  return text
}

/** The value of each character by its code, −1 for those that have none. */
const valuesOf = (alphabet: string): Int8Array => {
  const values = new Int8Array(128).fill(-1)
  for (let value = 0; value < alphabet.length; value += 1) {
    values[alphabet.charCodeAt(value)] = value
  }
  return values
}

const HEX_VALUES = valuesOf('0123456789abcdef')

/** Lower-case, even length only. */
export const fromHex = (text: string): Uint8Array | null => {
  if (text.length % 2 !== 0) return null
  const bytes = new Uint8Array(text.length / 2)
  for (let index = 0; index < bytes.length; index += 1) {
    const high = HEX_VALUES[text.charCodeAt(index * 2)] ?? -1
    const low = HEX_VALUES[text.charCodeAt(index * 2 + 1)] ?? -1
    if (high < 0 || low < 0) return null
    bytes[index] = high * 16 + low
  }
  return bytes
}

const STANDARD = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const URL_SAFE = `${STANDARD.slice(0, 62)}-_`
const STANDARD_VALUES = valuesOf(STANDARD)
const URL_SAFE_VALUES = valuesOf(URL_SAFE)

/** RFC 4648 §4: standard alphabet, padded. */
export const base64 = (bytes: Uint8Array & TextOfBytes): string => {
  const text = bytes.toBase64?.({ alphabet: 'base64', omitPadding: false })
  if (text !== undefined) return text
  const unpadded = encode64(bytes, STANDARD)
  return unpadded.padEnd(Math.ceil(unpadded.length / 4) * 4, '=')
}

/** RFC 4648 §5: URL-safe alphabet, not padded (as in JOSE). */
export const base64url = (bytes: Uint8Array & TextOfBytes): string =>
  bytes.toBase64?.({ alphabet: 'base64url', omitPadding: true }) ?? encode64(bytes, URL_SAFE)

/** Strict: padded, no white space, unused bits zero. */
export const fromBase64 = (text: string): Uint8Array | null => {
  const bytes = decode64(text.replace(/={1,2}$/, ''), STANDARD_VALUES)
  return bytes !== null && base64(bytes) === text ? bytes : null
}

/** Strict: unpadded, unused bits zero. */
export const fromBase64url = (text: string): Uint8Array | null => {
  const bytes = decode64(text, URL_SAFE_VALUES)
  return bytes !== null && base64url(bytes) === text ? bytes : null
}

/** Codes first and the text at once: adding to a text makes a tree of thousands of parts. */
const encode64 = (bytes: Uint8Array, alphabet: string): string => {
  const codes = new Uint8Array(Math.ceil((bytes.length * 4) / 3))
  for (let index = 0, place = 0; index < bytes.length; index += 3, place += 4) {
    const triple =
      ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0)
    // What lies behind the end of `codes` is not written: a typed array takes no notice of it.
    codes[place] = alphabet.charCodeAt(triple >> 18)
    codes[place + 1] = alphabet.charCodeAt((triple >> 12) & 63)
    codes[place + 2] = alphabet.charCodeAt((triple >> 6) & 63)
    codes[place + 3] = alphabet.charCodeAt(triple & 63)
  }
  return decoder.decode(codes)
}

const decode64 = (text: string, values: Int8Array): Uint8Array | null => {
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4))
  let bits = 0
  let held = 0
  let length = 0
  for (let index = 0; index < text.length; index += 1) {
    const value = values[text.charCodeAt(index)] ?? -1
    if (value < 0) return null
    held = ((held << 6) | value) & 0xffffff
    bits += 6
    if (bits >= 8) {
      bits -= 8
      bytes[length] = (held >> bits) & 0xff
      length += 1
    }
  }
  return bytes.subarray(0, length)
}
