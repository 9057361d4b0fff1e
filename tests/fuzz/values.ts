import { branchName, isNullable, type Schema } from '#core/avro/schema.ts'
import type { Random } from '#tests/fuzz/random.ts'

/** Texts and numbers that a check of meaning may trip over. */
const TEXTS = [
  '',
  'ctd-kp',
  'ctd-punjab',
  'ctd-kp/duty-officer',
  'nacta',
  'PK',
  'PK-KP',
  'PK-TA',
  'PK-XX',
  'en',
  'ur',
  'x',
  ' x ',
  'a\u202eb',
  '\u0000',
  'a\nb',
  '\ufeff',
  '😀',
  'ابجد',
  '__proto__',
  'constructor',
  '=1+1',
  '<script>',
  '../../etc',
  '35202-0000000-0',
  '0000000000000',
  '+923001234567',
  '490154203237518',
  '12/2026',
  'live.RESTRICTED.2026-11.1',
  'a'.repeat(300),
  'a'.repeat(301),
  '😀'.repeat(300),
  ' '.repeat(1_000),
] as const

const NUMBERS = [
  0,
  1,
  -1,
  2,
  6,
  7,
  63,
  64,
  -65,
  500,
  1_000_000,
  1_000_001,
  2 ** 31 - 1,
  -(2 ** 31),
] as const
const LONGS = [2 ** 31, 2 ** 32, 1_790_000_000_000, 4_102_444_800_000, 2 ** 53 - 1, -(2 ** 53 - 1)]
const DOUBLES = [0, -0, 1, -1, 34.01, 90, 90.000001, -180, 181, 5e-324, 1.7e308]

const ITEMS_MAX = 4

/** Any value of the schema. */
export const anyValue = (schema: Schema, random: Random): unknown => {
  switch (schema.type) {
    case 'null':
      return null
    case 'boolean':
      return random.chance(0.5)
    case 'int':
      return random.chance(0.5) ? random.pick(NUMBERS) : random.next() | 0
    case 'long':
      return random.pick(random.chance(0.5) ? NUMBERS : LONGS)
    case 'double':
      return random.pick(DOUBLES)
    case 'bytes':
      return random.bytes(random.below(100))
    case 'string':
      return random.pick(TEXTS)
    case 'fixed':
      return random.bytes(schema.size)
    case 'enum':
      return random.pick(schema.symbols)
    case 'array':
      return Array.from({ length: random.below(ITEMS_MAX) }, () => anyValue(schema.items, random))
    case 'union':
      return branchValue(random.pick(schema.branches), isNullable(schema), random)
    case 'record':
      return Object.fromEntries(
        schema.fields.map(({ name, schema: part }) => [name, anyValue(part, random)]),
      )
  }
}

const branchValue = (branch: Schema, bare: boolean, random: Random): unknown => {
  const value = anyValue(branch, random)
  return bare || branch.type === 'null' ? value : { type: branchName(branch), value }
}

/** `value` with one part, somewhere in it, replaced by another of that part's schema. */
export const altered = (schema: Schema, value: unknown, random: Random): unknown => {
  if (random.chance(STOP_SHARE)) return anyValue(schema, random)
  switch (schema.type) {
    case 'record': {
      const { name, schema: part } = random.pick(schema.fields)
      return { ...Object(value), [name]: altered(part, property(value, name), random) }
    }
    case 'array':
      return alteredList(schema.items, Array.isArray(value) ? value : [], random)
    case 'union': {
      if (value === null) return anyValue(schema, random)
      if (isNullable(schema)) return altered(bareBranch(schema), value, random)
      const type = String(property(value, 'type'))
      const branch = schema.branches.find((one) => branchName(one) === type) ?? schema
      return { type, value: altered(branch, property(value, 'value'), random) }
    }
    default:
      return anyValue(schema, random)
  }
}

const STOP_SHARE = 0.05

const alteredList = (items: Schema, list: readonly unknown[], random: Random): unknown => {
  const at = random.below(list.length + 1)
  const kind = random.below(3)
  if (at === list.length || kind === 0) return list.toSpliced(at, 0, anyValue(items, random))
  if (kind === 1) return list.toSpliced(at, 1)
  return list.with(at, altered(items, list[at], random))
}

const bareBranch = (schema: Extract<Schema, { type: 'union' }>): Schema =>
  schema.branches.find(({ type }) => type !== 'null') ?? schema

const property = (value: unknown, name: string): unknown => Reflect.get(Object(value), name)
