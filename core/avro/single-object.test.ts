import { expect, expectTypeOf, test } from 'vitest'
import { compileCodec } from '#core/avro/codec.ts'
import {
  codecRegistry,
  decodeSingleObject,
  encodeSingleObject,
  fingerprintOf,
} from '#core/avro/single-object.ts'
import { hex } from '#core/bytes.ts'

const INT = compileCodec('int')
const PAIR = compileCodec({
  type: 'record',
  name: 'Pair',
  fields: [
    { name: 'a', type: 'int' },
    { name: 'b', type: 'string' },
  ],
})
const CODECS = codecRegistry([INT, PAIR])

test('starts with the marker and the fingerprint, least significant byte first', () => {
  expect(hex(encodeSingleObject(INT, 1))).toBe('c3018f5c393f1ad5757202')
})

test('the header says which codec reads the body', () => {
  const bytes = encodeSingleObject(PAIR, { a: 1, b: 'x' })
  expect(fingerprintOf(bytes)).toBe(PAIR.fingerprint)
  expect(decodeSingleObject(CODECS, bytes)).toEqual({
    ok: true,
    codec: PAIR,
    value: { a: 1, b: 'x' },
  })
})

test('peeking leaves the bytes as they are, also those of a Buffer', () => {
  const bytes = Buffer.from(encodeSingleObject(INT, 1))
  const before = hex(bytes)
  expect(fingerprintOf(bytes)).toBe('7275d51a3f395c8f')
  expect(hex(bytes)).toBe(before)
})

test.each([
  '',
  'c3',
  'c301',
  'c3018f5c393f1ad575',
  'c4018f5c393f1ad5757202',
  'c3028f5c393f1ad57572',
])('is no single-object encoding: %s', (text) => {
  const bytes = Uint8Array.from(Buffer.from(text, 'hex'))
  expect(fingerprintOf(bytes)).toBeNull()
  const refusal = { ok: false, code: 'not-single-object', at: 0 }
  expect(decodeSingleObject(CODECS, bytes)).toEqual(refusal)
})

test('an unknown fingerprint is refused, whatever follows', () => {
  const bytes = encodeSingleObject(compileCodec('string'), 'x')
  expect(decodeSingleObject(CODECS, bytes)).toEqual({ ok: false, code: 'unknown-schema', at: 2 })
})

test('offsets of refusals count the header', () => {
  const bytes = encodeSingleObject(PAIR, { a: 1, b: 'x' }).slice(0, -1)
  expect(decodeSingleObject(CODECS, bytes)).toEqual({ ok: false, code: 'truncated', at: 11 })
})

test('budgets reach the reader', () => {
  const result = decodeSingleObject(CODECS, encodeSingleObject(INT, 1), { bytesMax: 0 })
  expect(result).toMatchObject({ code: 'budget-bytes' })
})

test('a registry refuses two codecs of one fingerprint', () => {
  expect(() => codecRegistry([INT, compileCodec('int')])).toThrow('two codecs of one fingerprint')
})

test('a decoded value has the type of its codec', () => {
  const result = decodeSingleObject(codecRegistry([PAIR]), encodeSingleObject(INT, 1))
  if (result.ok) {
    expectTypeOf(result.value).toEqualTypeOf<{ readonly a: number; readonly b: string }>()
  }
  expect(result.ok).toBe(false)
})
