import type { AvroRefusal, AvroRefusalCode, ReadResult } from '#core/avro/read-result.ts'
import {
  type ArraySchema,
  branchName,
  type EnumSchema,
  isNullable,
  type Primitive,
  type RecordSchema,
  type Schema,
  type UnionSchema,
} from '#core/avro/schema.ts'
import { fromUtf8 } from '#core/bytes.ts'
import { LIMITS } from '#core/limits.ts'

/** Bounds for one message. What is not given is the bound of core/limits.ts. */
export interface Budgets {
  readonly bytesMax?: number
  /** Items of all arrays of the message together. */
  readonly itemsMax?: number
}

/**
 * Compiles a schema into closures that read exactly the encoding `compileWriter` writes, and no
 * other: so bytes that are read and written again are the same bytes.
 *
 * Nothing is allocated before the bytes that claim it are known to be there. Depth needs no
 * budget: a schema cannot recurse, and parseSchema bounds its depth.
 */
export const compileReader = (
  schema: Schema,
): ((bytes: Uint8Array, budgets?: Budgets) => ReadResult) => {
  const read = compile(schema, new Map())
  return (bytes, budgets = {}) => {
    if (bytes.length > (budgets.bytesMax ?? LIMITS.avroBytesMax)) return refusal('budget-bytes', 0)
    const cursor = new Cursor(bytes, budgets.itemsMax ?? LIMITS.avroItemsMax)
    const value = read(cursor)
    if (value === REFUSED) return refusal(cursor.code, cursor.codeAt)
    if (cursor.at < bytes.length) return refusal('trailing-bytes', cursor.at)
    return { ok: true, value }
  }
}

const refusal = (code: AvroRefusalCode, at: number): AvroRefusal => ({ ok: false, code, at })

class Cursor {
  readonly bytes: Uint8Array
  readonly view: DataView
  at = 0
  itemsLeft: number
  /** Meaningful once a read has returned REFUSED. */
  code: AvroRefusalCode = 'truncated'
  codeAt = 0

  constructor(bytes: Uint8Array, itemsMax: number) {
    // A plain array even over a subclass: Node's Buffer has a `slice` that does not copy.
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.itemsLeft = itemsMax
  }
}

/** Returned all the way up instead of thrown: hostile bytes cost no more than honest ones. */
const REFUSED: unique symbol = Symbol('refused')
type Refused = typeof REFUSED
type Read = (cursor: Cursor) => unknown

const refuse = (cursor: Cursor, code: AvroRefusalCode, at: number): Refused => {
  cursor.code = code
  cursor.codeAt = at
  return REFUSED
}

const compile = (schema: Schema, compiled: Map<Schema, Read>): Read => {
  const known = compiled.get(schema)
  if (known !== undefined) return known
  const read = build(schema, (part) => compile(part, compiled))
  compiled.set(schema, read)
  return read
}

const build = (schema: Schema, compilePart: (part: Schema) => Read): Read => {
  switch (schema.type) {
    case 'record':
      return recordReader(schema, compilePart)
    case 'array':
      return arrayReader(schema, compilePart)
    case 'union':
      return unionReader(schema, compilePart)
    case 'enum':
      return enumReader(schema)
    case 'fixed':
      return (cursor) => takeBytes(cursor, schema.size, cursor.at)
    default:
      return PRIMITIVE_READERS[schema.type]
  }
}

const recordReader = (schema: RecordSchema, compilePart: (part: Schema) => Read): Read => {
  const fields = schema.fields.map((field) => ({
    name: field.name,
    read: compilePart(field.schema),
  }))
  // Copying an object that owns all the names gives every record one shape, which is fast, and
  // makes even a field `__proto__` an own property: assigning to it then changes no prototype.
  const template = Object.fromEntries(fields.map(({ name }): [string, unknown] => [name, null]))
  return (cursor) => {
    const record = { ...template }
    for (const { name, read } of fields) {
      const value = read(cursor)
      if (value === REFUSED) return REFUSED
      record[name] = value
    }
    return record
  }
}

const arrayReader = (schema: ArraySchema, compilePart: (part: Schema) => Read): Read => {
  const read = compilePart(schema.items)
  const { bytesMin } = schema.items
  return (cursor) => {
    const count = readCount(cursor, bytesMin)
    if (count === REFUSED) return REFUSED
    const items: unknown[] = []
    if (count === 0) return items
    for (let index = 0; index < count; index += 1) {
      const item = read(cursor)
      if (item === REFUSED) return REFUSED
      items.push(item)
    }
    return readBlockEnd(cursor) === REFUSED ? REFUSED : items
  }
}

const readCount = (cursor: Cursor, bytesMin: number): number | Refused => {
  const start = cursor.at
  const count = readLong(cursor)
  if (count === REFUSED) return REFUSED
  if (count < 0) return refuse(cursor, 'negative-length', start)
  if (count > cursor.itemsLeft) return refuse(cursor, 'budget-items', start)
  if (count * bytesMin > cursor.bytes.length - cursor.at) return refuse(cursor, 'truncated', start)
  cursor.itemsLeft -= count
  return count
}

const readBlockEnd = (cursor: Cursor): 0 | Refused => {
  const start = cursor.at
  const next = readLong(cursor)
  if (next === REFUSED) return REFUSED
  return next === 0 ? 0 : refuse(cursor, 'split-block', start)
}

const unionReader = (schema: UnionSchema, compilePart: (part: Schema) => Read): Read => {
  const bare = isNullable(schema)
  const branches = schema.branches.map((branch) => {
    const read = compilePart(branch)
    return bare || branch.type === 'null' ? read : taggedReader(branchName(branch), read)
  })
  return (cursor) => {
    const start = cursor.at
    const index = readLong(cursor)
    if (index === REFUSED) return REFUSED
    const read = branches[index]
    return read === undefined ? refuse(cursor, 'unknown-branch', start) : read(cursor)
  }
}

const taggedReader =
  (type: string, read: Read): Read =>
  (cursor) => {
    const value = read(cursor)
    return value === REFUSED ? REFUSED : { type, value }
  }

const enumReader =
  ({ symbols }: EnumSchema): Read =>
  (cursor) => {
    const start = cursor.at
    const index = readLong(cursor)
    if (index === REFUSED) return REFUSED
    return symbols[index] ?? refuse(cursor, 'unknown-symbol', start)
  }

const readBoolean = (cursor: Cursor): boolean | Refused => {
  const start = cursor.at
  const byte = cursor.bytes[start]
  if (byte === undefined) return refuse(cursor, 'truncated', start)
  if (byte > 1) return refuse(cursor, 'bad-boolean', start)
  cursor.at = start + 1
  return byte === 1
}

const readInt = (cursor: Cursor): number | Refused => {
  const start = cursor.at
  const value = readLong(cursor)
  if (value === REFUSED) return REFUSED
  return value === (value | 0) ? value : refuse(cursor, 'number-range', start)
}

const readDouble = (cursor: Cursor): number | Refused => {
  const start = cursor.at
  if (cursor.bytes.length - start < 8) return refuse(cursor, 'truncated', start)
  const value = cursor.view.getFloat64(start, true)
  if (!Number.isFinite(value)) return refuse(cursor, 'not-finite', start)
  cursor.at = start + 8
  return value
}

const readBytes = (cursor: Cursor): Uint8Array | Refused => {
  const start = cursor.at
  const length = readLength(cursor)
  return length === REFUSED ? REFUSED : takeBytes(cursor, length, start)
}

const readString = (cursor: Cursor): string | Refused => {
  const start = cursor.at
  const length = readLength(cursor)
  if (length === REFUSED) return REFUSED
  const text = fromUtf8(cursor.bytes.subarray(cursor.at, cursor.at + length))
  if (text === null) return refuse(cursor, 'bad-utf8', start)
  cursor.at += length
  return text
}

const PRIMITIVE_READERS: Readonly<Record<Primitive, Read>> = {
  null: () => null,
  boolean: readBoolean,
  int: readInt,
  long: (cursor) => readLong(cursor),
  double: readDouble,
  bytes: readBytes,
  string: readString,
}

/** Copied up to here, so that a digest or a key does not keep a whole message in memory. */
const COPIED_BYTES_MAX = 64

const takeBytes = (cursor: Cursor, length: number, start: number): Uint8Array | Refused => {
  const { bytes, at } = cursor
  const end = at + length
  if (end > bytes.length) return refuse(cursor, 'truncated', start)
  cursor.at = end
  return length <= COPIED_BYTES_MAX ? bytes.slice(at, end) : bytes.subarray(at, end)
}

const readLength = (cursor: Cursor): number | Refused => {
  const start = cursor.at
  const length = readLong(cursor)
  if (length === REFUSED) return REFUSED
  if (length < 0) return refuse(cursor, 'negative-length', start)
  if (length > cursor.bytes.length - cursor.at) return refuse(cursor, 'truncated', start)
  return length
}

const VARINT_BYTES_MAX = 10

/** A zigzag varint. The first byte holds the sign and six bits, each later byte seven bits. */
const readLong = (cursor: Cursor): number | Refused => {
  const { bytes, at } = cursor
  const first = bytes[at]
  if (first === undefined) return refuse(cursor, 'truncated', at)
  if (first < 0x80) {
    cursor.at = at + 1
    return (first >>> 1) ^ -(first & 1)
  }
  const negative = first & 1
  // Sums beyond 2^53 are rounded, but never back to below it: the range check stays sound.
  let magnitude = (first & 0x7f) >>> 1
  let scale = 64
  for (let length = 2; length <= VARINT_BYTES_MAX; length += 1) {
    const byte = bytes[at + length - 1]
    if (byte === undefined) return refuse(cursor, 'truncated', at)
    magnitude += (byte & 0x7f) * scale
    scale *= 128
    if (byte >= 0x80) continue
    if (byte === 0) return refuse(cursor, 'overlong-varint', at)
    if (magnitude > Number.MAX_SAFE_INTEGER - negative) return refuse(cursor, 'number-range', at)
    cursor.at = at + length
    return negative === 1 ? -magnitude - 1 : magnitude
  }
  return refuse(cursor, 'overlong-varint', at)
}
