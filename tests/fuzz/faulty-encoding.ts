import { branchName, isNullable, type Schema } from '#core/avro/schema.ts'
import { concatBytes, fromHex, utf8 } from '#core/bytes.ts'
import type { Random } from '#tests/fuzz/random.ts'

/** Encodes a value of the schema in Avro with exactly one thing wrong, anywhere in it. */
export const encodedWithFault = (schema: Schema, value: unknown, random: Random): Uint8Array => {
  const counting = new FaultyEncoder(-1, random)
  counting.write(schema, value)
  return new FaultyEncoder(random.below(counting.places), random).write(schema, value)
}

const bytesOf = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array(0)

/** What is no length, count, index or number that a strict reader may take. */
const BAD_NUMBERS: readonly ((value: number) => Uint8Array)[] = [
  (value) => overlong(value),
  () => bytesOf('ffffffffffffffffffff01'),
  () => bytesOf('80808080808080808080'),
  () => bytesOf('feffffffffffffffff01'),
  () => bytesOf('ffffffffffffffffff01'),
  () => varint(2 ** 31 - 1),
  () => varint(-1),
  () => varint(-(2 ** 31)),
  (value) => varint(value + 1),
  (value) => varint(value - 1),
  () => new Uint8Array(0),
]

const BAD_TEXTS = ['c080', 'eda080', 'edb080', 'f4908080', 'f8', 'e282', '80', 'ff'].map(bytesOf)
const BAD_DOUBLES = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0]

class FaultyEncoder {
  places = 0
  private readonly faultAt: number
  private readonly random: Random

  constructor(faultAt: number, random: Random) {
    this.faultAt = faultAt
    this.random = random
  }

  write(schema: Schema, value: unknown): Uint8Array {
    switch (schema.type) {
      case 'null':
        return new Uint8Array(0)
      case 'boolean':
        return this.isHere() ? this.random.pick(BAD_BOOLEANS) : Uint8Array.of(value ? 1 : 0)
      case 'int':
      case 'long':
        return this.number(Number(value))
      case 'double':
        return double(this.isHere() ? this.random.pick(BAD_DOUBLES) : Number(value))
      case 'bytes':
        return this.lengthened(value as Uint8Array)
      case 'string':
        return this.text(String(value))
      case 'fixed':
        return this.fixed(value as Uint8Array)
      case 'enum':
        return this.number(schema.symbols.indexOf(String(value)))
      case 'array':
        return this.array(schema.items, value as readonly unknown[])
      case 'union':
        return this.union(schema, value)
      case 'record':
        return this.record(schema, value)
    }
  }

  private isHere(): boolean {
    this.places += 1
    return this.places - 1 === this.faultAt
  }

  private number(value: number): Uint8Array {
    return this.isHere() ? this.random.pick(BAD_NUMBERS)(value) : varint(value)
  }

  private lengthened(bytes: Uint8Array): Uint8Array {
    return concatBytes(this.number(bytes.length), bytes)
  }

  private text(text: string): Uint8Array {
    if (!this.isHere()) return this.lengthened(utf8(text))
    const bad = concatBytes(utf8(text), this.random.pick(BAD_TEXTS))
    return concatBytes(varint(bad.length), bad)
  }

  private fixed(bytes: Uint8Array): Uint8Array {
    if (!this.isHere()) return bytes
    return this.random.chance(0.5) ? bytes.subarray(1) : concatBytes(bytes, Uint8Array.of(0))
  }

  private array(items: Schema, list: readonly unknown[]): Uint8Array {
    const parts = list.map((item) => this.write(items, item))
    if (this.isHere()) return this.random.pick(BAD_BLOCKS)(parts)
    if (parts.length === 0) return this.number(0)
    return concatBytes(this.number(parts.length), ...parts, this.number(0))
  }

  private union(schema: Extract<Schema, { type: 'union' }>, value: unknown): Uint8Array {
    const index = schema.branches.findIndex((branch) => isBranchOf(schema, branch, value))
    const branch = schema.branches[index]
    const isTagged = value !== null && !isNullable(schema)
    const inner = isTagged ? Reflect.get(Object(value), 'value') : value
    return concatBytes(this.number(index), branch ? this.write(branch, inner) : NOTHING)
  }

  private record(schema: Extract<Schema, { type: 'record' }>, value: unknown): Uint8Array {
    const parts = schema.fields.map(({ name, schema: part }) =>
      this.write(part, Reflect.get(Object(value), name)),
    )
    if (!this.isHere()) return concatBytes(...parts)
    const at = this.random.below(parts.length)
    const [one = NOTHING, other = NOTHING] = [parts[at], parts[(at + 1) % parts.length]]
    const swapped = parts.with(at, other).with((at + 1) % parts.length, one)
    return concatBytes(
      ...this.random.pick([swapped, parts.toSpliced(at, 1), parts.toSpliced(at, 0, one)]),
    )
  }
}

const NOTHING = new Uint8Array(0)
const BAD_BOOLEANS = ['02', '07', 'ff', '8100'].map(bytesOf)

/** Blocks that Avro allows and a canonical reader must not, and blocks that nobody may. */
const BAD_BLOCKS: readonly ((parts: readonly Uint8Array[]) => Uint8Array)[] = [
  (parts) => concatBytes(...parts.flatMap((part) => [varint(1), part]), varint(0)),
  (parts) => {
    const body = concatBytes(...parts)
    return concatBytes(varint(-parts.length), varint(body.length), body, varint(0))
  },
  (parts) => concatBytes(varint(parts.length), ...parts),
  (parts) => concatBytes(varint(parts.length), ...parts, varint(0), varint(0)),
  (parts) => concatBytes(varint(2 ** 31 - 1), ...parts, varint(0)),
  (parts) => concatBytes(varint(10_001), ...parts, varint(0)),
]

const isBranchOf = (schema: Schema & { type: 'union' }, branch: Schema, value: unknown) => {
  if (value === null) return branch.type === 'null'
  if (isNullable(schema)) return branch.type !== 'null'
  return branchName(branch) === Reflect.get(Object(value), 'type')
}

/** A zigzag varint: of what a number holds exactly, and written by another way than the writer's. */
const varint = (value: number): Uint8Array => {
  let left = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n))
  const bytes: number[] = []
  while (left > 0x7fn) {
    bytes.push(Number(left & 0x7fn) | 0x80)
    left >>= 7n
  }
  return Uint8Array.from([...bytes, Number(left)])
}

const overlong = (value: number): Uint8Array => {
  const minimal = varint(value)
  const last = minimal.length - 1
  return Uint8Array.from([...minimal.subarray(0, last), (minimal[last] ?? 0) | 0x80, 0])
}

const double = (value: number): Uint8Array => {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setFloat64(0, value, true)
  return bytes
}
