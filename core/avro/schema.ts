import { LIMITS } from '#core/limits.ts'

/**
 * The part of Avro 1.12 that the hub speaks. Left out on purpose: maps and recursion (no bound on
 * depth or order), float, and aliases, defaults and sort orders (nothing resolves between schemas).
 */
export type Schema =
  | PrimitiveSchema
  | FixedSchema
  | EnumSchema
  | ArraySchema
  | UnionSchema
  | RecordSchema

type NamedSchema = FixedSchema | EnumSchema | RecordSchema

interface Measured {
  /** No value of this schema encodes to fewer bytes. */
  readonly bytesMin: number
  /** Records, arrays and unions on the longest way down, this one included. */
  readonly depth: number
}

interface PrimitiveSchema extends Measured {
  readonly type: Primitive
}

interface FixedSchema extends Measured {
  readonly type: 'fixed'
  readonly name: string
  readonly size: number
}

export interface EnumSchema extends Measured {
  readonly type: 'enum'
  readonly name: string
  readonly symbols: readonly string[]
}

export interface ArraySchema extends Measured {
  readonly type: 'array'
  readonly items: Schema
}

export interface UnionSchema extends Measured {
  readonly type: 'union'
  readonly branches: readonly Schema[]
}

export interface RecordSchema extends Measured {
  readonly type: 'record'
  readonly name: string
  readonly fields: readonly Field[]
}

export interface Field {
  readonly name: string
  readonly schema: Schema
}

const PRIMITIVES = {
  null: { bytesMin: 0 },
  boolean: { bytesMin: 1 },
  int: { bytesMin: 1 },
  long: { bytesMin: 1 },
  double: { bytesMin: 8 },
  bytes: { bytesMin: 1 },
  string: { bytesMin: 1 },
} as const
export type Primitive = keyof typeof PRIMITIVES
const isPrimitive = (name: string): name is Primitive => Object.hasOwn(PRIMITIVES, name)

/** A schema outside the subset: a defect of ours, found when a service starts. */
export class AvroSchemaError extends Error {
  readonly path: string
  constructor(path: string, reason: string) {
    super(`avro schema at ${path}: ${reason}`)
    this.name = 'AvroSchemaError'
    this.path = path
  }
}

/**
 * Parses Avro schema JSON. A named type that is used twice is one object in the result, so that
 * what is compiled from it is compiled once. Throws AvroSchemaError.
 */
export const parseSchema = (json: unknown): Schema =>
  parse(json, { path: '$', namespace: '', level: 0, names: new Map() })

/** A union of null and one other: its values are null and the other's values, with no tag. */
export const isNullable = ({ branches }: UnionSchema): boolean =>
  branches.length === 2 && branches.some(({ type }) => type === 'null')

/** What tags a value of any other union: the full name of a named type, else the type's word. */
export const branchName = (schema: Schema): string => ('name' in schema ? schema.name : schema.type)

interface Scope {
  readonly path: string
  readonly namespace: string
  readonly level: number
  /** Null while the type is being defined: a reference to it then would be recursion. */
  readonly names: Map<string, NamedSchema | null>
}

type SchemaObject = Readonly<Record<string, unknown>>

const parse = (json: unknown, scope: Scope): Schema => {
  // Checked on the way down, so that a schema nested without end cannot exhaust the stack.
  if (scope.level > LIMITS.avroDepthMax) throw tooDeep(scope)
  if (typeof json === 'string') return parseName(json, scope)
  if (Array.isArray(json)) return parseUnion(json, scope)
  if (!isObject(json)) throw refused(scope, 'not a schema')
  const { type } = json
  if (typeof type !== 'string') throw refused(scope, 'the type is not a word')
  if (isPrimitive(type)) return parsePrimitive(type, json, scope)
  if (isComplex(type)) return COMPLEX[type](json, scope)
  throw refused(scope, 'unknown type')
}

const parseName = (name: string, scope: Scope): Schema => {
  if (isPrimitive(name)) return primitive(name)
  const schema = scope.names.get(qualified(name, scope.namespace))
  if (schema === undefined) throw refused(scope, 'unknown name')
  if (schema === null) throw refused(scope, 'recursive')
  if (scope.level + schema.depth > LIMITS.avroDepthMax) throw tooDeep(scope)
  return schema
}

const primitive = (type: Primitive): PrimitiveSchema => ({ type, ...PRIMITIVES[type], depth: 0 })

const parsePrimitive = (type: Primitive, json: SchemaObject, scope: Scope): Schema => {
  allowAttributes(json, ['type', 'doc', 'logicalType'], scope)
  return primitive(type)
}

const parseFixed = (json: SchemaObject, scope: Scope): Schema => {
  allowAttributes(json, ['type', 'name', 'namespace', 'doc', 'logicalType', 'size'], scope)
  const name = define(json, scope)
  const { size } = json
  if (!isSize(size)) throw refused(scope, 'the size is not a whole number of bytes within bounds')
  return remember({ type: 'fixed', name, size, bytesMin: size, depth: 0 }, scope)
}

const parseEnum = (json: SchemaObject, scope: Scope): Schema => {
  allowAttributes(json, ['type', 'name', 'namespace', 'doc', 'symbols'], scope)
  const name = define(json, scope)
  const symbols = list(json['symbols'], 'symbols', scope).map((symbol) => simpleName(symbol, scope))
  if (symbols.length === 0) throw refused(scope, 'no symbols')
  refuseRepeats(symbols, scope)
  return remember({ type: 'enum', name, symbols, bytesMin: 1, depth: 0 }, scope)
}

const parseArray = (json: SchemaObject, scope: Scope): Schema => {
  allowAttributes(json, ['type', 'doc', 'items'], scope)
  const items = parse(json['items'], inside(scope, 'items'))
  return { type: 'array', items, bytesMin: 1, depth: 1 + items.depth }
}

const parseUnion = (json: readonly unknown[], scope: Scope): Schema => {
  if (json.length < 2) throw refused(scope, 'a union of fewer than two')
  const branches = json.map((branch, index) => parse(branch, inside(scope, `${index}`)))
  if (branches.some(({ type }) => type === 'union')) throw refused(scope, 'a union in a union')
  refuseRepeats(branches.map(branchName), scope)
  return {
    type: 'union',
    branches,
    bytesMin: 1 + Math.min(...branches.map(({ bytesMin }) => bytesMin)),
    depth: 1 + depthOf(branches),
  }
}

const parseRecord = (json: SchemaObject, scope: Scope): Schema => {
  allowAttributes(json, ['type', 'name', 'namespace', 'doc', 'fields'], scope)
  const name = define(json, scope)
  const within = { ...scope, namespace: name.slice(0, Math.max(0, name.lastIndexOf('.'))) }
  const fields = list(json['fields'], 'fields', scope).map((field, index) =>
    parseField(field, inside(within, `fields.${index}`)),
  )
  refuseRepeats(
    fields.map((field) => field.name),
    scope,
  )
  const schemas = fields.map(({ schema }) => schema)
  const bytesMin = schemas.reduce((total, schema) => total + schema.bytesMin, 0)
  return remember({ type: 'record', name, fields, bytesMin, depth: 1 + depthOf(schemas) }, scope)
}

const parseField = (json: unknown, scope: Scope): Field => {
  if (!isObject(json)) throw refused(scope, 'not a field')
  allowAttributes(json, ['name', 'type', 'doc'], scope)
  return { name: simpleName(json['name'], scope), schema: parse(json['type'], scope) }
}

const COMPLEX = { fixed: parseFixed, enum: parseEnum, array: parseArray, record: parseRecord }
const isComplex = (type: string): type is keyof typeof COMPLEX => Object.hasOwn(COMPLEX, type)

/** Claims the full name of a type that is about to be parsed. */
const define = (json: SchemaObject, scope: Scope): string => {
  const { name: given, namespace = scope.namespace } = json
  if (!isDotted(given)) throw refused(scope, 'not a name')
  // Implementations disagree on which of the two the names inside then belong to.
  if (given.includes('.') && Object.hasOwn(json, 'namespace'))
    throw refused(scope, 'two namespaces')
  if (namespace !== '' && !isDotted(namespace)) throw refused(scope, 'not a namespace')
  const name = qualified(given, namespace)
  const last = name.slice(name.lastIndexOf('.') + 1)
  if (isPrimitive(last) || isComplex(last) || OTHER_TYPES.includes(last)) {
    throw refused(scope, 'the name of a type of Avro')
  }
  if (scope.names.has(name)) throw refused(scope, 'defined twice')
  scope.names.set(name, null)
  return name
}

const remember = (schema: NamedSchema, scope: Scope): Schema => {
  scope.names.set(schema.name, schema)
  return schema
}

const OTHER_TYPES = ['float', 'map', 'union', 'error', 'request']
const SIMPLE = /^[A-Za-z_][A-Za-z0-9_]*$/
const DOTTED = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/

const isDotted = (json: unknown): json is string => typeof json === 'string' && DOTTED.test(json)

const simpleName = (json: unknown, scope: Scope): string => {
  if (typeof json !== 'string' || !SIMPLE.test(json)) throw refused(scope, 'not a name')
  return json
}

const qualified = (name: string, namespace: string): string =>
  namespace === '' || name.includes('.') ? name : `${namespace}.${name}`

const isSize = (json: unknown): json is number =>
  typeof json === 'number' && Number.isInteger(json) && json >= 1 && json <= LIMITS.avroBytesMax

const isObject = (json: unknown): json is SchemaObject =>
  typeof json === 'object' && json !== null && !Array.isArray(json)

const list = (json: unknown, attribute: string, scope: Scope): readonly unknown[] => {
  if (!Array.isArray(json)) throw refused(scope, `${attribute}: not a list`)
  return json
}

// An attribute that is not understood could change what the bytes mean: refused, not skipped.
const allowAttributes = (json: SchemaObject, allowed: readonly string[], scope: Scope): void => {
  const stray = Object.keys(json).find((attribute) => !allowed.includes(attribute))
  if (stray !== undefined) throw refused(scope, `attribute ${stray} is not used here`)
}

const refuseRepeats = (names: readonly string[], scope: Scope): void => {
  const repeat = names.find((name, index) => names.indexOf(name) !== index)
  if (repeat !== undefined) throw refused(scope, `${repeat} twice`)
}

const depthOf = (schemas: readonly Schema[]): number =>
  schemas.reduce((depth, schema) => Math.max(depth, schema.depth), 0)

const inside = (scope: Scope, step: string): Scope => ({
  ...scope,
  path: `${scope.path}.${step}`,
  level: scope.level + 1,
})

const tooDeep = (scope: Scope): AvroSchemaError => refused(scope, 'too deep')

const refused = (scope: Scope, reason: string): AvroSchemaError =>
  new AvroSchemaError(scope.path, reason)
