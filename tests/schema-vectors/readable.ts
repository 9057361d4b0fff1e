import { hex } from '#core/bytes.ts'

/** The same value with bytes in hexadecimal. */
export const readable = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return hex(value)
  if (Array.isArray(value)) return value.map(readable)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, readable(part)]))
}
