import { expect, expectTypeOf, test } from 'vitest'
import { compileCodec } from '#core/avro/codec.ts'
import type { ValueOf } from '#core/avro/value-of.ts'

// What is expected here is checked by the compiler (`tsc -p .`), the values by the runner.

const SCHEMA = {
  type: 'record',
  name: 'Outer',
  namespace: 'a.b',
  fields: [
    { name: 'flag', type: 'boolean' },
    { name: 'count', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'id', type: { type: 'fixed', name: 'Uuid', size: 1 } },
    { name: 'level', type: { type: 'enum', name: 'Level', symbols: ['LOW', 'HIGH'] } },
    { name: 'levels', type: { type: 'array', items: 'a.b.Level' } },
    { name: 'maybe', type: ['null', 'Level'] },
    { name: 'swapped', type: ['bytes', 'null'] },
    {
      name: 'area',
      type: [
        'null',
        { type: 'record', name: 'Point', fields: [{ name: 'x', type: 'double' }] },
        {
          type: 'record',
          name: 'other.Circle',
          fields: [{ name: 'size', type: { type: 'enum', name: 'Size', symbols: ['BIG'] } }],
        },
        'Uuid',
        'string',
      ],
    },
    { name: 'centre', type: 'Point' },
    { name: 'circles', type: { type: 'array', items: 'other.Circle' } },
  ],
} as const

interface Outer {
  readonly flag: boolean
  readonly count: number
  readonly id: Uint8Array
  readonly level: 'LOW' | 'HIGH'
  readonly levels: readonly ('LOW' | 'HIGH')[]
  readonly maybe: 'LOW' | 'HIGH' | null
  readonly swapped: Uint8Array | null
  readonly area:
    | null
    | { readonly type: 'a.b.Point'; readonly value: { readonly x: number } }
    | { readonly type: 'other.Circle'; readonly value: { readonly size: 'BIG' } }
    | { readonly type: 'a.b.Uuid'; readonly value: Uint8Array }
    | { readonly type: 'string'; readonly value: string }
  readonly centre: { readonly x: number }
  readonly circles: readonly { readonly size: 'BIG' }[]
}

test('the type of a schema tells the type of its values, names included', () => {
  expectTypeOf<ValueOf<typeof SCHEMA>>().toEqualTypeOf<Outer>()
  const value: Outer = {
    flag: true,
    count: 5,
    id: Uint8Array.of(1),
    level: 'HIGH',
    levels: ['LOW'],
    maybe: null,
    swapped: null,
    area: { type: 'other.Circle', value: { size: 'BIG' } },
    centre: { x: 1 },
    circles: [{ size: 'BIG' }],
  }
  const codec = compileCodec(SCHEMA)
  expect(codec.read(codec.write(value))).toEqual({ ok: true, value })
})

test('the compiler refuses a value that is not of the schema', () => {
  const codec = compileCodec(SCHEMA)
  // @ts-expect-error fields are missing
  expect(() => codec.write({ flag: true })).toThrow('$.count')
})

test('a schema that came as JSON has values of unknown type', () => {
  const json: unknown = JSON.parse('"int"')
  expectTypeOf(compileCodec(json).read(Uint8Array.of(2))).toEqualTypeOf<
    ReturnType<ReturnType<typeof compileCodec<unknown>>['read']>
  >()
  expectTypeOf<ValueOf<unknown>>().toBeUnknown()
  expectTypeOf<ValueOf<{ type: string }>>().toBeUnknown()
  expectTypeOf<ValueOf<'Nowhere'>>().toBeUnknown()
  expect(compileCodec(json).read(Uint8Array.of(2))).toEqual({ ok: true, value: 1 })
})

test('literal primitives need no const', () => {
  const codec = compileCodec(['null', 'string'])
  expectTypeOf(codec.write).parameter(0).toEqualTypeOf<string | null>()
  expect(codec.write(null)).toEqual(Uint8Array.of(0))
})
