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
import { LIMITS } from '#core/limits.ts'

/** A value that is not of its schema: a bug of the caller. Tells where, never what was there. */
export class AvroWriteError extends Error {
  /** `$` is the whole value: `$.label.jurisdictions[2]`. */
  readonly path: string
  constructor(path: string, expected: string) {
    super(`avro value at ${path}: expected ${expected}`)
    this.name = 'AvroWriteError'
    this.path = path
  }
}

/**
 * Compiles a schema into closures that write its one encoding. Throws AvroWriteError; whatever it
 * writes, `compileReader` reads within the bounds of core/limits.ts.
 */
export const compileWriter = (schema: Schema): ((value: unknown) => Uint8Array) => {
  const write = compile(schema, new Map())
  // A new one for each value would be most of the garbage. It is taken out while it is in use: a
  // value whose getter writes another value finds none here, and whoever throws brings none back.
  let spare: Sink | null = null
  return (value) => {
    const sink = spare ?? new Sink()
    spare = null
    const problem = write(sink, value)
    if (problem !== null) throw new AvroWriteError(`$${problem.path}`, problem.expected)
    if (sink.length > LIMITS.avroBytesMax) throw new AvroWriteError('$', 'fewer bytes')
    const written = sink.bytes.slice(0, sink.length)
    if (sink.bytes.length <= SPARE_BYTES_MAX) {
      sink.clear()
      spare = sink
    }
    return written
  }
}

const SPARE_BYTES_MAX = 16_384

class Sink {
  bytes = new Uint8Array(1_024)
  length = 0
  itemsLeft: number = LIMITS.avroItemsMax

  clear(): void {
    this.length = 0
    this.itemsLeft = LIMITS.avroItemsMax
  }

  /** Makes room for `more` bytes behind what is written. */
  reserve(more: number): void {
    const needed = this.length + more
    if (needed <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2))
    grown.set(this.bytes)
    this.bytes = grown
  }
}

/** Returned upwards, each level putting its step in front of the path. */
interface Problem {
  readonly path: string
  readonly expected: string
}
type Write = (sink: Sink, value: unknown) => Problem | null

const expected = (what: string): Problem => ({ path: '', expected: what })
const under = (step: string, problem: Problem): Problem => ({
  path: `${step}${problem.path}`,
  expected: problem.expected,
})

const compile = (schema: Schema, compiled: Map<Schema, Write>): Write => {
  const known = compiled.get(schema)
  if (known !== undefined) return known
  const write = build(schema, (part) => compile(part, compiled))
  compiled.set(schema, write)
  return write
}

const build = (schema: Schema, compilePart: (part: Schema) => Write): Write => {
  switch (schema.type) {
    case 'record':
      return recordWriter(schema, compilePart)
    case 'array':
      return arrayWriter(schema, compilePart)
    case 'union':
      return isNullable(schema)
        ? nullableWriter(schema, compilePart)
        : taggedWriter(schema, compilePart)
    case 'enum':
      return enumWriter(schema)
    case 'fixed':
      return fixedWriter(schema.size)
    default:
      return PRIMITIVE_WRITERS[schema.type]
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const recordWriter = (schema: RecordSchema, compilePart: (part: Schema) => Write): Write => {
  const fields = schema.fields.map(({ name, schema: part }) => ({ name, write: compilePart(part) }))
  return (sink, value) => {
    if (!isRecord(value)) return expected('a record')
    for (const { name, write } of fields) {
      if (!Object.hasOwn(value, name)) return under(`.${name}`, expected('a value'))
      const problem = write(sink, value[name])
      if (problem !== null) return under(`.${name}`, problem)
    }
    // A property that no field takes would be lost without a word: a misspelt caveat, say.
    return Object.keys(value).length === fields.length ? null : expected('no other properties')
  }
}

const arrayWriter = (schema: ArraySchema, compilePart: (part: Schema) => Write): Write => {
  const write = compilePart(schema.items)
  return (sink, value) => {
    if (!Array.isArray(value)) return expected('an array')
    if (value.length > sink.itemsLeft) return expected('fewer items')
    sink.itemsLeft -= value.length
    if (value.length > 0) writeNumber(sink, value.length)
    for (let index = 0; index < value.length; index += 1) {
      const problem = write(sink, value[index])
      if (problem !== null) return under(`[${index}]`, problem)
    }
    writeNumber(sink, 0)
    return null
  }
}

const nullableWriter = (schema: UnionSchema, compilePart: (part: Schema) => Write): Write => {
  const nullIndex = schema.branches.findIndex(({ type }) => type === 'null')
  const otherIndex = 1 - nullIndex
  const writes = schema.branches.map(compilePart)
  const write = writes[otherIndex] ?? PRIMITIVE_WRITERS.null
  return (sink, value) => {
    writeNumber(sink, value === null ? nullIndex : otherIndex)
    return value === null ? null : write(sink, value)
  }
}

const taggedWriter = (schema: UnionSchema, compilePart: (part: Schema) => Write): Write => {
  const branches = new Map(
    schema.branches.map((branch, index) => [
      branchName(branch),
      { index, write: compilePart(branch) },
    ]),
  )
  const nullBranch = branches.get('null')
  branches.delete('null')
  return (sink, value) => {
    if (value === null && nullBranch !== undefined) {
      writeNumber(sink, nullBranch.index)
      return null
    }
    if (!isRecord(value) || Object.keys(value).length !== 2 || !Object.hasOwn(value, 'value')) {
      return expected('{ type, value }')
    }
    const branch = typeof value['type'] === 'string' ? branches.get(value['type']) : undefined
    if (branch === undefined) return under('.type', expected('a branch of the union'))
    writeNumber(sink, branch.index)
    const problem = branch.write(sink, value['value'])
    return problem === null ? null : under('.value', problem)
  }
}

const enumWriter = ({ symbols }: EnumSchema): Write => {
  const indexes = new Map<unknown, number>(symbols.map((symbol, index) => [symbol, index]))
  return (sink, value) => {
    const index = indexes.get(value)
    if (index === undefined) return expected('a symbol of the enum')
    writeNumber(sink, index)
    return null
  }
}

const fixedWriter =
  (size: number): Write =>
  (sink, value) => {
    if (!(value instanceof Uint8Array) || value.length !== size) return expected(`${size} bytes`)
    writeRaw(sink, value)
    return null
  }

const writeInt: Write = (sink, value) => {
  if (typeof value !== 'number' || value !== (value | 0)) return expected('an int')
  writeNumber(sink, value)
  return null
}

const writeLong: Write = (sink, value) => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) return expected('a safe integer')
  writeNumber(sink, value)
  return null
}

const writeDouble: Write = (sink, value) => {
  if (typeof value !== 'number' || !Number.isFinite(value)) return expected('a finite number')
  sink.reserve(8)
  new DataView(sink.bytes.buffer).setFloat64(sink.length, value, true)
  sink.length += 8
  return null
}

const encoder = new TextEncoder()
const UTF8_BYTES_PER_UNIT_MAX = 3

const writeString: Write = (sink, value) => {
  // A lone surrogate has no UTF-8: encoders put another character in its place, silently.
  if (typeof value !== 'string' || !value.isWellFormed()) return expected('a well-formed string')
  // Encoded in place, behind a gap that fits the length of a text of ASCII. Other texts are longer:
  // theirs may need a wider gap.
  const start = sink.length
  const gap = varintBytes(value.length)
  sink.reserve(VARINT_BYTES_MAX + value.length * UTF8_BYTES_PER_UNIT_MAX)
  const { written } = encoder.encodeInto(value, sink.bytes.subarray(start + gap))
  const prefix = varintBytes(written)
  if (prefix > gap) {
    sink.bytes.copyWithin(start + prefix, start + gap, start + gap + written)
  }
  writeNumber(sink, written)
  sink.length += written
  return null
}

const writeBytes: Write = (sink, value) => {
  if (!(value instanceof Uint8Array)) return expected('bytes')
  writeNumber(sink, value.length)
  writeRaw(sink, value)
  return null
}

const PRIMITIVE_WRITERS: Readonly<Record<Primitive, Write>> = {
  null: (_sink, value) => (value === null ? null : expected('null')),
  boolean: (sink, value) => {
    if (typeof value !== 'boolean') return expected('a boolean')
    writeByte(sink, value ? 1 : 0)
    return null
  },
  int: writeInt,
  long: writeLong,
  double: writeDouble,
  bytes: writeBytes,
  string: writeString,
}

const writeByte = (sink: Sink, byte: number): void => {
  sink.reserve(1)
  sink.bytes[sink.length] = byte
  sink.length += 1
}

const writeRaw = (sink: Sink, bytes: Uint8Array): void => {
  sink.reserve(bytes.length)
  sink.bytes.set(bytes, sink.length)
  sink.length += bytes.length
}

const VARINT_BYTES_MAX = 10

/** A zigzag varint of a safe integer. Zigzag doubles it, which a number could not hold exactly. */
const writeNumber = (sink: Sink, value: number): void => {
  const negative = value < 0 ? 1 : 0
  const magnitude = negative === 1 ? -value - 1 : value
  let rest = Math.floor(magnitude / 64)
  writeByte(sink, (magnitude % 64) * 2 + negative + (rest > 0 ? 0x80 : 0))
  while (rest > 0) {
    const low = rest % 128
    rest = Math.floor(rest / 128)
    writeByte(sink, low + (rest > 0 ? 0x80 : 0))
  }
}

/** How many bytes the length of a text, of bytes or of an array takes in the encoding. */
export const varintBytes = (length: number): number => {
  let count = 1
  for (let rest = Math.floor(length / 64); rest > 0; rest = Math.floor(rest / 128)) count += 1
  return count
}
