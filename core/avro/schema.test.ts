import { expect, test } from 'vitest'
import { AvroSchemaError, parseSchema } from '#core/avro/schema.ts'
import { LIMITS } from '#core/limits.ts'

const record = (fields: readonly unknown[], more: object = {}) => ({
  type: 'record',
  name: 'R',
  fields,
  ...more,
})
const field = (name: string, type: unknown) => ({ name, type })
const fixed = (name: string, more: object = {}) => ({ type: 'fixed', name, size: 1, ...more })
const nested = (levels: number): unknown =>
  levels === 0 ? 'int' : { type: 'array', items: nested(levels - 1) }

test.each([
  ['a map', { type: 'map', values: 'int' }],
  ['float', 'float'],
  ['no JSON of a schema', 5],
  ['null instead of "null"', null],
  ['a type that is no word', { type: { type: 'int' } }],
  ['a name of Object.prototype', 'constructor'],
  ['a type of Object.prototype', { type: 'toString' }],
  ['direct recursion', record([field('next', ['null', 'R'])])],
  ['recursion through an array', record([field('all', { type: 'array', items: 'R' })])],
  ['a name before its definition', record([field('a', 'F'), field('b', fixed('F'))])],
  ['a name of another namespace', record([field('a', fixed('n.F')), field('b', 'F')])],
  ['a name defined twice', record([field('a', fixed('F')), field('b', fixed('F'))])],
  ['a type called like one of Avro', fixed('string')],
  ['a type called like one of Avro, in a namespace', fixed('n.map')],
  ['a name that is none', fixed('1a')],
  ['a namespace that is none', fixed('F', { namespace: 'a..b' })],
  ['a namespace beside a name that has one', fixed('n.F', { namespace: 'o' })],
  ['a field name with a dot', record([field('a.b', 'int')])],
  ['a field twice', record([field('a', 'int'), field('a', 'int')])],
  ['no fields', { type: 'record', name: 'R' }],
  ['a field that is none', record(['int'])],
  ['a default', record([{ ...field('a', 'int'), default: 0 }])],
  ['an alias', fixed('F', { aliases: ['G'] })],
  ['an unknown attribute', { type: 'int', precision: 4 }],
  ['a symbol twice', { type: 'enum', name: 'E', symbols: ['A', 'A'] }],
  ['a symbol that is no name', { type: 'enum', name: 'E', symbols: ['A-B'] }],
  ['no symbols', { type: 'enum', name: 'E', symbols: [] }],
  ['a size of 0', fixed('F', { size: 0 })],
  ['a size that is not whole', fixed('F', { size: 1.5 })],
  ['a size beyond any message', fixed('F', { size: LIMITS.avroBytesMax + 1 })],
  ['an empty union', []],
  ['a union of one', ['int']],
  ['a union in a union', ['null', ['int', 'string']]],
  ['a branch twice', ['int', { type: 'int' }]],
  ['two arrays in a union', [nested(1), nested(1)]],
  [
    'one record under two names of itself',
    record([field('a', fixed('F')), field('b', ['F', 'F'])]),
  ],
])('refuses %s', (_what, schema) => {
  expect(() => parseSchema(schema)).toThrow(AvroSchemaError)
})

test('tells where in the schema it refuses', () => {
  const schema = record([field('a', 'int'), field('b', ['null', { type: 'map' }])])
  expect(() => parseSchema(schema)).toThrow('avro schema at $.fields.1.1: unknown type')
})

test('depth is bounded, also through names, so that no message can be deeper', () => {
  const most = LIMITS.avroDepthMax
  expect(parseSchema(nested(most)).depth).toBe(most)
  expect(() => parseSchema(nested(most + 1))).toThrow('too deep')
  const half = record([field('a', nested(most / 2))])
  const around = (levels: number): unknown =>
    levels === 0 ? 'R' : { type: 'array', items: around(levels - 1) }
  const twice = (levels: number) => ({
    ...record([field('one', half), field('two', around(levels))]),
    name: 'Top',
  })
  expect(parseSchema(twice(most / 2 - 2)).depth).toBe(most)
  expect(() => parseSchema(twice(most / 2 - 1))).toThrow('too deep')
})

test('a schema nested without end is refused before the stack ends', () => {
  let endless: unknown = 'int'
  for (let level = 0; level < 100_000; level += 1) endless = { type: 'array', items: endless }
  expect(() => parseSchema(endless)).toThrow('too deep')
})

test('a record passes its namespace on to the names inside it', () => {
  const schema = record(
    [field('a', fixed('F')), field('b', 'F'), field('c', 'n.F'), field('d', fixed('o.G'))],
    { namespace: 'n' },
  )
  const parsed = parseSchema(schema)
  const fields = parsed.type === 'record' ? parsed.fields : []
  expect(fields.map((part) => 'name' in part.schema && part.schema.name)).toEqual([
    'n.F',
    'n.F',
    'n.F',
    'o.G',
  ])
  expect(fields[1]?.schema).toBe(fields[0]?.schema)
})

test('knows the fewest bytes that a value can take', () => {
  const schema = record([
    field('a', 'double'),
    field('b', ['null', 'double']),
    field('c', fixed('F', { size: 5 })),
    field('d', { type: 'array', items: 'double' }),
    field('e', 'null'),
  ])
  expect(parseSchema(schema).bytesMin).toBe(8 + 1 + 5 + 1 + 0)
})

test('docs and logical types are allowed and mean nothing', () => {
  const schema = { type: 'long', logicalType: 'timestamp-millis', doc: 'when' }
  expect(parseSchema(schema)).toEqual(parseSchema('long'))
})
