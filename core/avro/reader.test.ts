import { expect, test } from 'vitest'
import { compileCodec } from '#core/avro/codec.ts'
import { AVRO_REFUSALS, type AvroRefusal, type AvroRefusalCode } from '#core/avro/read-result.ts'
import { type Budgets, compileReader } from '#core/avro/reader.ts'
import { parseSchema } from '#core/avro/schema.ts'
import { codecRegistry, decodeSingleObject } from '#core/avro/single-object.ts'
import { fromHex, utf8 } from '#core/bytes.ts'
import { LIMITS } from '#core/limits.ts'

const bytesOf = (text: string): Uint8Array => {
  const bytes = fromHex(text.replaceAll(' ', ''))
  if (bytes === null) throw new Error('not hexadecimal')
  return bytes
}

const read = (schema: unknown, text: string, budgets?: Budgets) =>
  compileReader(parseSchema(schema))(bytesOf(text), budgets)

const COLOUR = { type: 'enum', name: 'Colour', symbols: ['RED', 'GREEN'] }
const POINT = {
  type: 'record',
  name: 'Point',
  fields: [
    { name: 'x', type: 'int' },
    { name: 'y', type: 'int' },
  ],
}
const LONGS = { type: 'array', items: 'long' }

/** Hand-written: schema, bytes, and the offset of the refused value. */
const REFUSED: Readonly<Record<AvroRefusalCode, readonly (readonly [unknown, string, number])[]>> =
  {
    truncated: [
      ['boolean', '', 0],
      ['long', '', 0],
      ['long', '80', 0],
      ['double', '00 00 00 00 00 00 00', 0],
      ['string', '06 61 62', 0],
      ['bytes', '02', 0],
      [{ type: 'fixed', name: 'Two', size: 2 }, '00', 0],
      [POINT, '02', 1],
      [LONGS, '04 02', 0],
      [LONGS, '02 02', 2],
      [['null', 'int'], '02', 1],
    ],
    'trailing-bytes': [
      ['null', '00', 0],
      ['int', '02 02', 1],
      [LONGS, '00 00', 1],
    ],
    'overlong-varint': [
      ['long', '80 00', 0],
      ['long', '81 80 00', 0],
      ['string', '82 00 61', 0],
      [LONGS, '02 02 80 00', 2],
      ['long', 'ff ff ff ff ff ff ff ff ff ff 01', 0],
    ],
    'number-range': [
      ['int', '80 80 80 80 10', 0],
      ['int', '81 80 80 80 10', 0],
      ['long', '80 80 80 80 80 80 80 20', 0],
      ['long', 'ff ff ff ff ff ff ff 1f', 0],
      ['long', 'ff ff ff ff ff ff ff ff ff 01', 0],
      [POINT, '02 80 80 80 80 10', 1],
    ],
    'negative-length': [
      ['string', '01', 0],
      ['bytes', '01', 0],
      [LONGS, '01 02 02 00', 0],
    ],
    'split-block': [
      [LONGS, '02 02 02 04 00', 2],
      [LONGS, '02 02 01 02 04 00', 2],
    ],
    'bad-boolean': [
      ['boolean', '02', 0],
      ['boolean', 'ff', 0],
    ],
    'bad-utf8': [
      ['string', '02 ff', 0],
      ['string', '04 c0 80', 0],
      ['string', '06 ed a0 80', 0],
      ['string', '02 c3', 0],
      ['string', '08 f4 90 80 80', 0],
    ],
    'not-finite': [
      ['double', '00 00 00 00 00 00 f0 7f', 0],
      ['double', '00 00 00 00 00 00 f0 ff', 0],
      ['double', '00 00 00 00 00 00 f8 7f', 0],
    ],
    'unknown-symbol': [
      [COLOUR, '04', 0],
      [COLOUR, '01', 0],
    ],
    'unknown-branch': [
      [['null', 'int'], '04', 0],
      [['null', 'int'], '01', 0],
    ],
    'budget-bytes': [],
    'budget-items': [
      [LONGS, 'fe ff ff ff 0f', 0],
      [{ type: 'array', items: 'null' }, 'fe ff ff ff 0f', 0],
    ],
    'not-single-object': [],
    'unknown-schema': [],
  }

const ROWS = Object.entries(REFUSED).flatMap(([code, rows]) =>
  rows.map(([schema, bytes, at]) => ({ code, schema, bytes, at })),
)

test.each(ROWS)('refuses with $code at $at: $bytes', ({ code, schema, bytes, at }) => {
  expect(read(schema, bytes)).toEqual({ ok: false, code, at })
})

test('every code is refused with in some test', () => {
  const codec = compileCodec('int')
  const elsewhere: readonly (AvroRefusal | { ok: true })[] = [
    read('int', '02', { bytesMax: 0 }),
    decodeSingleObject(codecRegistry([codec]), bytesOf('c3 02 00 00 00 00 00 00 00 00')),
    decodeSingleObject(codecRegistry([codec]), bytesOf('c3 01 00 00 00 00 00 00 00 00')),
  ]
  const seen = [...ROWS, ...elsewhere].flatMap((row) => ('code' in row ? [row.code] : []))
  expect(new Set(seen)).toEqual(new Set(Object.keys(AVRO_REFUSALS)))
})

test.each([
  ['null', '', null],
  ['boolean', '00', false],
  ['boolean', '01', true],
  ['int', '00', 0],
  ['int', '01', -1],
  ['int', '80 01', 64],
  ['int', 'fe ff ff ff 0f', 2_147_483_647],
  ['int', 'ff ff ff ff 0f', -2_147_483_648],
  ['long', 'fe ff ff ff ff ff ff 1f', Number.MAX_SAFE_INTEGER],
  ['long', 'fd ff ff ff ff ff ff 1f', Number.MIN_SAFE_INTEGER],
  ['double', '00 00 00 00 00 00 f8 3f', 1.5],
  ['double', '00 00 00 00 00 00 00 80', -0],
  ['bytes', '04 ff 00', Uint8Array.of(255, 0)],
  ['string', '00', ''],
  ['string', '06 d8 ae 41', 'خA'],
  ['string', '06 ef bb bf', '\ufeff'],
  [{ type: 'fixed', name: 'Two', size: 2 }, '01 02', Uint8Array.of(1, 2)],
  [COLOUR, '02', 'GREEN'],
  [LONGS, '00', []],
  [LONGS, '04 02 04 00', [1, 2]],
  [['null', 'int'], '00', null],
  [['int', 'null'], '00 02', 1],
  [['null', POINT, 'string'], '00', null],
  [['null', POINT, 'string'], '02 02 04', { type: 'Point', value: { x: 1, y: 2 } }],
  [['null', POINT, 'string'], '04 02 61', { type: 'string', value: 'a' }],
  [POINT, '02 04', { x: 1, y: 2 }],
])('reads %j from %s', (schema, bytes, value) => {
  expect(read(schema, bytes)).toEqual({ ok: true, value })
})

test('a record owns its fields in the order of the schema, whatever they are called', () => {
  const names = ['toString', '__proto__', 'constructor', 'a']
  const fields = names.map((name) => ({ name, type: POINT.name }))
  const schema = { type: 'record', name: 'R', fields: [{ name: 'first', type: POINT }, ...fields] }
  const result = read(schema, '02 04 02 04 02 04 02 04 02 04')
  const value: unknown = result.ok ? result.value : null
  expect(Object.keys(Object(value))).toEqual(['first', ...names])
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
  expect(Object.getOwnPropertyDescriptor(value, '__proto__')?.value).toEqual({ x: 1, y: 2 })
})

test('records that were read do not share state', () => {
  const codec = compileCodec(POINT)
  const first = codec.read(bytesOf('02 04'))
  codec.read(bytesOf('06 08'))
  expect(first).toEqual({ ok: true, value: { x: 1, y: 2 } })
})

test('an array header that claims 2^31 items costs neither time nor memory', () => {
  const codec = compileCodec({ type: 'array', items: 'null' })
  const bomb = bytesOf('fe ff ff ff 0f')
  const before = process.memoryUsage().rss
  // The quickest of a few, for a busy machine may pause any one of them.
  const tookMs = Array.from({ length: 5 }, () => {
    const startMs = performance.now()
    expect(codec.read(bomb)).toEqual({ ok: false, code: 'budget-items', at: 0 })
    return performance.now() - startMs
  })
  expect(Math.min(...tookMs)).toBeLessThan(10)
  expect(process.memoryUsage().rss - before).toBeLessThan(10_000_000)
})

test('a count is checked against the bytes that its items need at least', () => {
  const doubles = { type: 'array', items: 'double' }
  expect(read(doubles, `06 ${'00'.repeat(23)}`)).toMatchObject({ code: 'truncated', at: 0 })
  expect(read(doubles, `06 ${'00'.repeat(24)} 00`)).toMatchObject({ ok: true })
})

test('the budget for items spans all arrays of a message', () => {
  const nested = { type: 'array', items: { type: 'array', items: 'null' } }
  const twice3 = '04 06 00 06 00 00'
  expect(read(nested, twice3, { itemsMax: 8 })).toMatchObject({ ok: true })
  expect(read(nested, twice3, { itemsMax: 7 })).toEqual({ ok: false, code: 'budget-items', at: 3 })
})

test('without a budget, core/limits.ts bounds items and bytes', () => {
  const nulls = compileCodec({ type: 'array', items: 'null' })
  const most = Array.from({ length: LIMITS.avroItemsMax }, () => null)
  const encoded = nulls.write(most)
  expect(nulls.read(encoded)).toEqual({ ok: true, value: most })
  expect(encoded.slice(0, 3)).toEqual(bytesOf('a0 9c 01'))
  expect(nulls.read(bytesOf('a2 9c 01 00'))).toMatchObject({ code: 'budget-items' })
  const long = new Uint8Array(LIMITS.avroBytesMax + 1)
  expect(compileCodec('bytes').read(long)).toEqual({ ok: false, code: 'budget-bytes', at: 0 })
})

test('small byte values are copies and long ones are views, also out of a Buffer', () => {
  const message = (length: number) => {
    const body = new Uint8Array(length).fill(1)
    return Buffer.from(compileCodec('bytes').write(body))
  }
  for (const { length, shared } of [
    { length: 64, shared: false },
    { length: 65, shared: true },
  ]) {
    const bytes = message(length)
    const result = compileCodec('bytes').read(bytes)
    bytes.fill(2)
    const value = result.ok ? result.value : null
    expect(value?.constructor).toBe(Uint8Array)
    expect(value?.at(0)).toBe(shared ? 2 : 1)
  }
})

test('a message is read in place: offsets of a surrounding buffer do not matter', () => {
  const around = bytesOf('ff ff 00 00 00 00 00 00 f8 3f ff')
  expect(compileCodec('double').read(around.subarray(2, 10))).toEqual({ ok: true, value: 1.5 })
})

test('a long text of many scripts is read whole', () => {
  const text = 'خبر — alert — 警報 — 🚨 '.repeat(500)
  const codec = compileCodec('string')
  expect(codec.read(codec.write(text))).toEqual({ ok: true, value: text })
  expect(codec.write(text).subarray(-4)).toEqual(utf8(text).subarray(-4))
})
