import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileCodec } from '#core/avro/codec.ts'
import { branchName, isNullable, parseSchema, type Schema } from '#core/avro/schema.ts'
import { hex } from '#core/bytes.ts'
import {
  AVSC_LONG,
  avscType,
  branchFor,
  fromAvsc,
  isKnownToAvsc,
  property,
} from '#tests/avsc-values.ts'

// avsc is the oracle: Avro by another author. It is asked only about values and bytes that we
// accept, for on bytes that we refuse it may never come back.

interface Case {
  readonly json: unknown
  readonly schema: Schema
  readonly value: unknown
}

test('we write the bytes that avsc writes, and both read back the value', () => {
  check(1_000, cases(), ({ json, schema, value }) => {
    const codec = compileCodec(json)
    const type = avscType(json)
    const bytes = codec.write(value)
    expect(hex(bytes)).toBe(type.toBuffer(toAvsc(schema, value)).toString('hex'))
    expect(codec.read(bytes)).toStrictEqual({ ok: true, value })
    expect(fromAvsc(schema, type.fromBuffer(Buffer.from(bytes)))).toStrictEqual(value)
  })
})

test('the canonical form is the one of avsc', () => {
  check(500, schemas(), ({ json }) => {
    expect(compileCodec(json).canonicalForm).toBe(JSON.stringify(avscType(json).schema()))
  })
})

test('mutated bytes never throw, and what is read has exactly these bytes, to avsc too', () => {
  let accepted = 0
  const mutated = cases().chain((one) =>
    fc.record({ one: fc.constant(one), change: change(), at: fc.double({ min: 0, max: 1 }) }),
  )
  check(5_000, mutated, ({ one: { json, schema, value }, change: alter, at }) => {
    const codec = compileCodec(json)
    const bytes = alter(codec.write(value), at)
    const result = codec.read(bytes)
    expect(result.ok ? 0 : result.at).toBeLessThanOrEqual(bytes.length)
    if (!result.ok) return
    accepted += 1
    expect(hex(codec.write(result.value))).toBe(hex(bytes))
    if (!isKnownToAvsc(schema, result.value)) return
    const second = avscType(json).fromBuffer(Buffer.from(bytes))
    expect(fromAvsc(schema, second)).toStrictEqual(result.value)
    expect(avscType(json).toBuffer(second).toString('hex')).toBe(hex(bytes))
  })
  // Without survivors the property would hold for a reader that refuses everything.
  expect(accepted).toBeGreaterThan(100)
})

test('bytes of any kind never throw', () => {
  const pairs = fc.record({ of: schemas(), bytes: fc.uint8Array({ maxLength: 40 }) })
  check(2_000, pairs, ({ of: { json }, bytes }) => {
    const codec = compileCodec(json)
    const result = codec.read(bytes)
    if (result.ok) expect(hex(codec.write(result.value))).toBe(hex(bytes))
  })
})

/** Reports the seed and the smallest case when it fails. */
const check = <T>(numRuns: number, inputs: fc.Arbitrary<T>, law: (input: T) => void): void =>
  fc.assert(
    fc.property(inputs, (input) => {
      law(input)
    }),
    { numRuns },
  )

// ---- Values: ours, and as avsc has them (Buffers, unions as `{ branch: value }`)

const toAvsc = (schema: Schema, value: unknown): unknown => {
  switch (schema.type) {
    case 'record':
      return Object.fromEntries(
        schema.fields.map((field) => [
          field.name,
          toAvsc(field.schema, property(value, field.name)),
        ]),
      )
    case 'array':
      return Array.isArray(value) ? value.map((item) => toAvsc(schema.items, item)) : value
    case 'union': {
      if (value === null) return null
      const branch = branchFor(schema, value)
      const inner = isNullable(schema) ? value : property(value, 'value')
      return { [branchName(branch)]: toAvsc(branch, inner) }
    }
    default:
      return value instanceof Uint8Array ? Buffer.from(value) : value
  }
}

const text = fc.string({ unit: 'binary', maxLength: 70 })

const values = (schema: Schema): fc.Arbitrary<unknown> => {
  switch (schema.type) {
    case 'null':
      return fc.constant(null)
    case 'boolean':
      return fc.boolean()
    case 'int':
      return fc.oneof(fc.integer(), fc.integer({ min: -70, max: 70 }))
    case 'long':
      return fc.oneof(fc.integer(AVSC_LONG), fc.bigInt(-(2n ** 40n), 2n ** 40n).map(Number))
    case 'double':
      return fc.double({ noNaN: true, noDefaultInfinity: true })
    case 'bytes':
      return fc.uint8Array({ maxLength: 80 })
    case 'string':
      return text
    case 'fixed':
      return fc.uint8Array({ minLength: schema.size, maxLength: schema.size })
    case 'enum':
      return fc.constantFrom(...schema.symbols)
    case 'array':
      return fc.array(values(schema.items), { maxLength: 4 })
    case 'union':
      return fc.oneof(...schema.branches.map((branch) => unionValues(branch, isNullable(schema))))
    case 'record':
      return fc
        .tuple(...schema.fields.map((field) => values(field.schema)))
        .map((all) =>
          Object.fromEntries(schema.fields.map(({ name }, index) => [name, all[index]])),
        )
  }
}

const unionValues = (branch: Schema, bare: boolean): fc.Arbitrary<unknown> =>
  bare || branch.type === 'null'
    ? values(branch)
    : values(branch).map((value) => ({ type: branchName(branch), value }))

// ---- Mutations

type Change = (bytes: Uint8Array, at: number) => Uint8Array

/** One byte altered, put in, taken out, or a tail cut off or added; `at` is a place from 0 to 1. */
const change = (): fc.Arbitrary<Change> =>
  fc
    .record({ kind: fc.nat(5), byte: fc.oneof(fc.nat(8), fc.nat(255)) })
    .map(({ kind, byte }) => (bytes, at) => {
      const index = Math.min(bytes.length, Math.floor(at * (bytes.length + 1)))
      const [head, tail] = [[...bytes.subarray(0, index)], [...bytes.subarray(index)]]
      const changed = [
        [...head, byte, ...tail.slice(1)],
        [...head, (tail[0] ?? 0) ^ (1 << (byte % 8)), ...tail.slice(1)],
        [...head, byte, ...tail],
        [...head, ...tail.slice(1)],
        head,
        [...head, ...tail, byte],
      ][kind]
      return Uint8Array.from(changed ?? [])
    })

// ---- Schemas: first a tree without names, then the names

type Tree =
  | { readonly kind: 'primitive'; readonly type: string }
  | { readonly kind: 'fixed'; readonly size: number; readonly style: number }
  | { readonly kind: 'enum'; readonly count: number; readonly style: number }
  | { readonly kind: 'reference'; readonly nth: number }
  | { readonly kind: 'array'; readonly items: Tree }
  | { readonly kind: 'union'; readonly branches: readonly Tree[] }
  | { readonly kind: 'record'; readonly fields: readonly Tree[]; readonly style: number }

const PRIMITIVES = ['null', 'boolean', 'int', 'long', 'double', 'bytes', 'string']

const trees = (): fc.Arbitrary<Tree> => {
  const kind = <K extends string>(name: K) => fc.constant(name)
  const style = fc.nat(3)
  const few = { minLength: 1, maxLength: 5 }
  return fc.letrec<{ tree: Tree; composite: Tree }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3, depthSize: 'max' },
      fc.record({ kind: kind('primitive'), type: fc.constantFrom(...PRIMITIVES) }),
      fc.record({ kind: kind('fixed'), size: fc.integer({ min: 1, max: 80 }), style }),
      fc.record({ kind: kind('enum'), count: fc.integer({ min: 1, max: 70 }), style }),
      fc.record({ kind: kind('reference'), nth: fc.nat(9) }),
      { arbitrary: tie('composite'), weight: 4 },
    ),
    composite: fc.oneof(
      fc.record({ kind: kind('array'), items: tie('tree') }),
      fc.record({ kind: kind('union'), branches: fc.array(tie('tree'), few) }),
      fc.record({ kind: kind('record'), fields: fc.array(tie('tree'), few), style }),
    ),
  })).composite
}

interface Naming {
  used: number
  /** Full names whose definition is complete. */
  readonly defined: string[]
}

const name = (tree: Tree, namespace: string, naming: Naming): unknown => {
  switch (tree.kind) {
    case 'primitive':
      return tree.type
    case 'reference':
      return reference(tree.nth, namespace, naming)
    case 'array':
      return { type: 'array', items: name(tree.items, namespace, naming) }
    case 'union':
      return union(tree.branches, namespace, naming)
    case 'record':
      return define(tree.style, namespace, naming, (inside) => ({
        type: 'record',
        fields: tree.fields.map((field, index) => ({
          name: `f${index}`,
          type: name(field, inside, naming),
        })),
      }))
    case 'fixed':
      return define(tree.style, namespace, naming, () => ({ type: 'fixed', size: tree.size }))
    case 'enum':
      return define(tree.style, namespace, naming, () => ({
        type: 'enum',
        symbols: Array.from({ length: tree.count }, (_, index) => `S${index}`),
      }))
  }
}

/** Says the name in one of the ways that Avro has, around a body that is made inside it. */
const define = (
  style: number,
  namespace: string,
  naming: Naming,
  body: (inside: string) => object,
): unknown => {
  naming.used += 1
  const short = `T${naming.used}`
  const [inside, said] = [
    [namespace, { name: short }] as const,
    ['n.m', { name: short, namespace: 'n.m' }] as const,
    ['o', { name: `o.${short}` }] as const,
    ['', { name: short, namespace: '' }] as const,
  ][style] ?? ['', {}]
  const schema = { ...body(inside), ...said }
  naming.defined.push(inside === '' ? short : `${inside}.${short}`)
  return schema
}

/** A name from before, short where it can be; a name of no namespace is unknown inside one. */
const reference = (nth: number, namespace: string, { defined }: Naming): string => {
  const known = defined.filter((full) => namespace === '' || full.includes('.'))
  const full = known[nth % known.length] ?? 'int'
  const short = full.slice(full.lastIndexOf('.') + 1)
  return full === `${namespace}.${short}` ? short : full
}

/** Leaves out what a union may not hold: a second branch of a kind, and other unions. */
const union = (trees: readonly Tree[], namespace: string, naming: Naming): unknown => {
  const branches = new Map<string, unknown>()
  for (const tree of trees) {
    if (tree.kind === 'union' || (tree.kind === 'array' && branches.has('array'))) continue
    const json = name(tree, namespace, naming)
    const definesName =
      tree.kind !== 'primitive' && tree.kind !== 'reference' && tree.kind !== 'array'
    const tag = definesName ? (naming.defined.at(-1) ?? '') : tree.kind === 'array' ? 'array' : json
    const full = typeof tag === 'string' ? qualified(tag, namespace, naming) : ''
    if (!branches.has(full)) branches.set(full, json)
  }
  for (const padding of ['null', 'string']) {
    if (branches.size < 2 && !branches.has(padding)) branches.set(padding, padding)
  }
  return [...branches.values()]
}

const qualified = (tag: string, namespace: string, { defined }: Naming): string =>
  defined.includes(`${namespace}.${tag}`) ? `${namespace}.${tag}` : tag

const schemas = (): fc.Arbitrary<Omit<Case, 'value'>> =>
  trees().map((tree) => {
    const json = name(tree, '', { used: 0, defined: [] })
    return { json, schema: parseSchema(json) }
  })

const cases = (): fc.Arbitrary<Case> =>
  schemas().chain((one) => values(one.schema).map((value) => ({ ...one, value })))
