import { expect, test } from 'vitest'
import { compileCodec } from '#core/avro/codec.ts'
import { AvroWriteError } from '#core/avro/writer.ts'
import { hex } from '#core/bytes.ts'
import { LIMITS } from '#core/limits.ts'

const SCHEMA = {
  type: 'record',
  name: 'Outer',
  namespace: 'x',
  fields: [
    { name: 'count', type: 'int' },
    {
      name: 'items',
      type: {
        type: 'array',
        items: {
          type: 'record',
          name: 'Item',
          fields: [{ name: 'text', type: ['null', 'string'] }],
        },
      },
    },
    { name: 'either', type: ['null', 'Item', { type: 'fixed', name: 'Two', size: 2 }] },
  ],
} as const
const VALUE = { count: 1, items: [{ text: null }, { text: 'a' }], either: null }

const write = (schema: unknown, value: unknown): string => hex(compileCodec(schema).write(value))

const errorOf = (schema: unknown, value: unknown): unknown => {
  try {
    return write(schema, value)
  } catch (error) {
    return error
  }
}

test.each([
  ['int', -2_147_483_648, 'ffffffff0f'],
  ['int', 63, '7e'],
  ['int', 64, '8001'],
  ['int', -64, '7f'],
  ['int', -65, '8101'],
  ['long', Number.MAX_SAFE_INTEGER, 'feffffffffffff1f'],
  ['long', Number.MIN_SAFE_INTEGER, 'fdffffffffffff1f'],
  ['long', 2 ** 32, '8080808020'],
  ['long', -(2 ** 31) - 1, '8180808010'],
  ['double', -0, '0000000000000080'],
  ['string', 'é', '04c3a9'],
  ['string', '\ufeff', '06efbbbf'],
  [{ type: 'array', items: 'int' }, [], '00'],
  [{ type: 'array', items: 'int' }, [1, 2], '04020400'],
  [SCHEMA, VALUE, '0204000202610000'],
  [SCHEMA, { ...VALUE, items: [], either: { type: 'x.Item', value: { text: null } } }, '02000200'],
])('writes %j as its one encoding', (schema, value, bytes) => {
  expect(write(schema, value)).toBe(bytes)
})

test.each([
  ['null', undefined],
  ['boolean', 1],
  ['int', 1.5],
  ['int', 2 ** 31],
  ['int', '1'],
  ['int', 1n],
  ['long', 2 ** 53],
  ['long', Number.NaN],
  ['double', Number.POSITIVE_INFINITY],
  ['double', Number.NaN],
  ['string', null],
  ['string', 'a\ud800'],
  ['bytes', [1]],
  [{ type: 'fixed', name: 'Two', size: 2 }, new Uint8Array(3)],
  [{ type: 'enum', name: 'E', symbols: ['A'] }, 'constructor'],
  [{ type: 'array', items: 'int' }, { length: 0 }],
  [['null', 'int'], undefined],
  [SCHEMA, null],
  [SCHEMA, []],
])('refuses, for %j, the value %o', (schema, value) => {
  expect(errorOf(schema, value)).toBeInstanceOf(AvroWriteError)
})

test.each([
  ['$.count', { ...VALUE, count: 'one' }],
  ['$.items[1].text', { ...VALUE, items: [{ text: null }, { text: 5 }] }],
  ['$.items[0].text', { ...VALUE, items: [{}] }],
  ['$.items[0]', { ...VALUE, items: [{ text: null, txet: 'lost' }] }],
  ['$.either', { ...VALUE, either: { text: 'untagged' } }],
  ['$.either.type', { ...VALUE, either: { type: 'Item', value: { text: null } } }],
  ['$.either.type', { ...VALUE, either: { type: 'null', value: null } }],
  ['$.either.value.text', { ...VALUE, either: { type: 'x.Item', value: { text: 5 } } }],
  ['$.either', { count: 1, items: [] }],
  ['$.either', { ...VALUE, either: { type: 'x.Item', value: { text: null }, more: 1 } }],
  ['$', { ...VALUE, extra: 1 }],
])('names the place %s of what is not of the schema', (path, value) => {
  expect(errorOf(SCHEMA, value)).toMatchObject({ name: 'AvroWriteError', path })
})

test('an error never repeats the value', () => {
  expect(String(errorOf(SCHEMA, { ...VALUE, count: 'SECRET-NAME' }))).not.toContain('SECRET-NAME')
})

test('only own properties count as fields', () => {
  expect(errorOf(SCHEMA, Object.create(VALUE))).toMatchObject({ path: '$.count' })
})

test('nothing is written that the reader would refuse for its size', () => {
  const nulls = { type: 'array', items: 'null' }
  expect(errorOf(nulls, new Array(LIMITS.avroItemsMax + 1).fill(null))).toMatchObject({ path: '$' })
  const halves = { type: 'array', items: nulls }
  const half = new Array(LIMITS.avroItemsMax / 2).fill(null)
  expect(errorOf(halves, [half, half])).toMatchObject({ path: '$[1]' })
  expect(errorOf('bytes', new Uint8Array(LIMITS.avroBytesMax))).toMatchObject({ path: '$' })
  const codec = compileCodec('bytes')
  const most = new Uint8Array(LIMITS.avroBytesMax - 4)
  expect(codec.read(codec.write(most)).ok).toBe(true)
})

test('a text whose length prefix is wider in UTF-8 than in characters keeps its first bytes', () => {
  const codec = compileCodec('string')
  for (const length of [31, 32, 63, 64, 65, 4_095, 4_096, 8_191, 8_192]) {
    for (const character of ['a', 'é', 'خ', '警', '🚨']) {
      const text = character.repeat(length)
      expect(codec.read(codec.write(text))).toEqual({ ok: true, value: text })
    }
  }
})

test('a value is written the same whatever was written before it, or failed', () => {
  const codec = compileCodec(SCHEMA)
  const alone = hex(codec.write(VALUE))
  const long = { ...VALUE, items: Array.from({ length: 3_000 }, () => ({ text: 'x'.repeat(9) })) }
  const most = Array.from({ length: LIMITS.avroItemsMax }, () => ({ text: null }))
  for (const before of [long, { ...VALUE, items: most }, { ...VALUE, items: most }]) {
    codec.write(before)
    expect(hex(codec.write(VALUE))).toBe(alone)
  }
  const broken = { ...VALUE, items: [{ text: 'a' }, { text: '\ud800' }] }
  expect(() => codec.write(broken)).toThrow(AvroWriteError)
  expect(hex(codec.write(VALUE))).toBe(alone)
})

test('what was written stays as it is when the next value is written', () => {
  const codec = compileCodec('string')
  const first = codec.write('first')
  codec.write('other')
  expect(hex(first)).toBe(write('string', 'first'))
})

test('a value that writes another one while it is read disturbs neither', () => {
  const codec = compileCodec(SCHEMA)
  const alone = hex(codec.write(VALUE))
  const inner: string[] = []
  const outer = {
    count: 1,
    get items() {
      inner.push(hex(codec.write(VALUE)))
      return VALUE.items
    },
    either: null,
  }
  expect(hex(codec.write(outer))).toBe(alone)
  expect(inner).toEqual(Array(inner.length).fill(alone))
})
