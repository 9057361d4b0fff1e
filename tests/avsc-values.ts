import avsc from 'avsc'
import { branchName, isNullable, type Schema } from '#core/avro/schema.ts'

/** Avro by another author. To be asked only about bytes that the strict reader has accepted. */
export const avscType = (json: unknown): avsc.Type =>
  avsc.Type.forSchema(JSON.parse(JSON.stringify(json)), { wrapUnions: true })

/** A value as avsc has it (Buffers, unions as `{ branch: value }`), in the form of our codecs. */
export const fromAvsc = (schema: Schema, value: unknown): unknown => {
  switch (schema.type) {
    case 'record':
      return Object.fromEntries(
        schema.fields.map((field) => [
          field.name,
          fromAvsc(field.schema, property(value, field.name)),
        ]),
      )
    case 'array':
      return Array.isArray(value) ? value.map((item) => fromAvsc(schema.items, item)) : value
    case 'union': {
      if (value === null) return null
      const type = Object.keys(Object(value))[0] ?? ''
      const inner = fromAvsc(branchOf(schema, type), property(value, type))
      return isNullable(schema) ? inner : { type, value: inner }
    }
    default:
      return value instanceof Uint8Array ? new Uint8Array(value) : value
  }
}

// avsc writes longs below −2^52 as other longs, and refuses 2^53 − 1.
export const AVSC_LONG = { min: -(2 ** 52), max: Number.MAX_SAFE_INTEGER - 1 }

export const isKnownToAvsc = (schema: Schema, value: unknown): boolean => {
  switch (schema.type) {
    case 'long':
      return Number(value) >= AVSC_LONG.min && Number(value) <= AVSC_LONG.max
    case 'record':
      return schema.fields.every((field) =>
        isKnownToAvsc(field.schema, property(value, field.name)),
      )
    case 'array':
      return Array.isArray(value) && value.every((item) => isKnownToAvsc(schema.items, item))
    case 'union': {
      if (value === null) return true
      const branch = branchFor(schema, value)
      return isKnownToAvsc(branch, isNullable(schema) ? value : property(value, 'value'))
    }
    default:
      return true
  }
}

export const property = (value: unknown, name: string): unknown => Reflect.get(Object(value), name)

export const branchFor = (schema: Schema & { type: 'union' }, value: unknown): Schema => {
  const bare = schema.branches.find(({ type }) => type !== 'null')
  return isNullable(schema) && bare ? bare : branchOf(schema, String(property(value, 'type')))
}

const branchOf = (schema: Schema & { type: 'union' }, tag: string): Schema => {
  const branch = schema.branches.find((each) => branchName(each) === tag)
  if (branch === undefined) throw new Error(`no branch ${tag}`)
  return branch
}
