/** Everything a reader may say no for. Codes are stable; texts may change. */
export const AVRO_REFUSALS = {
  truncated: 'the bytes end inside a value',
  'trailing-bytes': 'bytes are left after the value',
  'overlong-varint': 'a number takes more bytes than it needs, or more than ten',
  'number-range': 'a number is outside its type, or beyond ±(2^53 − 1)',
  'negative-length': 'a length or a count is below zero',
  'split-block': 'an array is not one block',
  'bad-boolean': 'a boolean is neither 0 nor 1',
  'bad-utf8': 'a string is not valid UTF-8',
  'not-finite': 'a double is infinite or no number',
  'unknown-symbol': 'an enum has no symbol of that index',
  'unknown-branch': 'a union has no branch of that index',
  'budget-bytes': 'the message is longer than its reader allows',
  'budget-items': 'the arrays together hold more items than their reader allows',
  'not-single-object': 'the bytes do not start as a single-object encoding',
  'unknown-schema': 'no known schema has that fingerprint',
} as const
export type AvroRefusalCode = keyof typeof AVRO_REFUSALS

export interface AvroRefusal {
  readonly ok: false
  readonly code: AvroRefusalCode
  /** Byte offset at which the refused value begins: its length or count, where it has one. */
  readonly at: number
}

export type ReadResult<V = unknown> = { readonly ok: true; readonly value: V } | AvroRefusal
