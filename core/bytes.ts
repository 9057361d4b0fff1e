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
export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, index) => byte === b[index])

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

export const utf8 = (text: string): Uint8Array => encoder.encode(text)

/** The text, or null when the bytes are not valid UTF-8. */
export const fromUtf8 = (bytes: Uint8Array): string | null => {
  try {
    return decoder.decode(bytes)
  } catch {
    return null
  }
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

export const hex = (bytes: Uint8Array): string => {
  let text = ''
  for (const byte of bytes) text += HEX[byte]
  return text
}

/** Lower-case, even length only. */
export const fromHex = (text: string): Uint8Array | null => {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) return null
  const bytes = new Uint8Array(text.length / 2)
  for (let index = 0; index < bytes.length; index += 1) {
    bytes[index] = Number.parseInt(text.slice(index * 2, index * 2 + 2), 16)
  }
  return bytes
}

const STANDARD = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const URL_SAFE = `${STANDARD.slice(0, 62)}-_`

/** RFC 4648 §4: standard alphabet, padded. */
export const base64 = (bytes: Uint8Array): string => {
  const text = encode64(bytes, STANDARD)
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=')
}

/** RFC 4648 §5: URL-safe alphabet, not padded (as in JOSE). */
export const base64url = (bytes: Uint8Array): string => encode64(bytes, URL_SAFE)

/** Strict: padded, no white space, unused bits zero. */
export const fromBase64 = (text: string): Uint8Array | null => {
  const bytes = decode64(text.replace(/={1,2}$/, ''), STANDARD)
  return bytes !== null && base64(bytes) === text ? bytes : null
}

/** Strict: unpadded, unused bits zero. */
export const fromBase64url = (text: string): Uint8Array | null => {
  const bytes = decode64(text, URL_SAFE)
  return bytes !== null && base64url(bytes) === text ? bytes : null
}

const encode64 = (bytes: Uint8Array, alphabet: string): string => {
  let text = ''
  for (let index = 0; index < bytes.length; index += 3) {
    const left = bytes.length - index
    const triple =
      ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0)
    text += alphabet.charAt(triple >> 18) + alphabet.charAt((triple >> 12) & 63)
    if (left > 1) text += alphabet.charAt((triple >> 6) & 63)
    if (left > 2) text += alphabet.charAt(triple & 63)
  }
  return text
}

const decode64 = (text: string, alphabet: string): Uint8Array | null => {
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4))
  let bits = 0
  let held = 0
  let length = 0
  for (const character of text) {
    const value = alphabet.indexOf(character)
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
