import { fromBase64 } from '#core/bytes.ts'
import { parseCount } from '#core/tlog/integer.ts'

/** Header values in RFC 8941's forms, as far as the hub uses them. */

/** A byte sequence, `:base64:` (§3.3.5); null for anything else. */
export const byteSequenceFrom = (text: string | null): Uint8Array | null => {
  const [, encoded] = /^:([A-Za-z0-9+/=]*):$/.exec(text ?? '') ?? []
  return encoded === undefined ? null : fromBase64(encoded)
}

/** An integer with the parameter `bytes`: `7;bytes=:base64:` (§3.3.1, §3.1.2); otherwise null. */
export const indexedBytesFrom = (
  text: string | null,
): { readonly index: number; readonly bytes: Uint8Array } | null => {
  const [, indexText = '', sequence = ''] = /^([0-9]+);bytes=(:.*:)$/.exec(text ?? '') ?? []
  const index = parseCount(indexText)
  const bytes = byteSequenceFrom(sequence)
  return index === null || bytes === null ? null : { index, bytes }
}
