import { fromBase64, fromHex } from '#core/bytes.ts'
import { isPlainText } from '#core/text.ts'

/**
 * Strict reading of JSON that came from outside: a shape gives the typed value, or throws
 * `Misshapen` with the path of what is not as published. Members that no shape names are ignored.
 */
export type Shape<T> = (value: unknown, at: string) => T

export class Misshapen extends Error {
  override readonly name = 'Misshapen'
}

const misshapen = (at: string): never => {
  throw new Misshapen(at === '' ? 'the whole' : at)
}

/** Of at most `charactersMax`, without control characters, which could change how a text reads. */
export const textShape =
  (charactersMax: number): Shape<string> =>
  (value, at) =>
    typeof value === 'string' && value.length <= charactersMax && isPlainText(value)
      ? value
      : misshapen(at)

/** A text that `is` accepts: a name, a code of a closed set. */
export const namedShape =
  <T extends string>(is: (text: string) => text is T): Shape<T> =>
  (value, at) =>
    typeof value === 'string' && is(value) ? value : misshapen(at)

/** A whole number from 0 to 2^53 − 1. */
export const countShape: Shape<number> = (value, at) =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : misshapen(at)

export const flagShape: Shape<boolean> = (value, at) =>
  typeof value === 'boolean' ? value : misshapen(at)

/** Base64 (RFC 4648 §4) of at most `bytesMax` bytes. */
export const bytesShape =
  (bytesMax: number): Shape<Uint8Array> =>
  (value, at) => {
    // Measured before decoding: four characters are three bytes.
    const isShort = typeof value === 'string' && value.length <= Math.ceil(bytesMax / 3) * 4
    const bytes = isShort ? fromBase64(value) : null
    return bytes !== null && bytes.length <= bytesMax ? bytes : misshapen(at)
  }

const DIGEST_CHARACTERS = 64

/** A SHA-256 digest in lower-case hexadecimal. */
export const digestShape: Shape<Uint8Array> = (value, at) =>
  (typeof value === 'string' && value.length === DIGEST_CHARACTERS ? fromHex(value) : null) ??
  misshapen(at)

export const nullOr =
  <T>(shape: Shape<T>): Shape<T | null> =>
  (value, at) =>
    value === null ? null : shape(value, at)

export const listOf =
  <T>(shape: Shape<T>, itemsMax: number): Shape<readonly T[]> =>
  (value, at) => {
    if (!Array.isArray(value) || value.length > itemsMax) return misshapen(at)
    return value.map((item, index) => shape(item, `${at}[${index}]`))
  }

export const objectOf =
  <S extends Readonly<Record<string, Shape<unknown>>>>(
    shapes: S,
  ): Shape<{ readonly [K in keyof S]: S[K] extends Shape<infer T> ? T : never }> =>
  (value, at) => {
    if (typeof value !== 'object' || value === null) return misshapen(at)
    const read = Object.entries(shapes).map(([name, shape]) => {
      const path = at === '' ? name : `${at}.${name}`
      const member = Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined
      return [name, shape(member, path)]
    })
    return Object.fromEntries(read)
  }

/** Whatever there is, unread. */
export const anyShape: Shape<unknown> = (value) => value
