import type { Field, Schema } from '#core/avro/schema.ts'

/**
 * Parsing Canonical Form (Avro 1.12, «Transforming into Parsing Canonical Form»): two schemas have
 * the same form exactly when they read the same bytes in the same way.
 */
export const canonicalForm = (schema: Schema): string => form(schema, new Set())

// Names and symbols are ASCII identifiers (schema.ts), so quoting them needs no escapes.
const form = (schema: Schema, defined: Set<string>): string => {
  if ('name' in schema) {
    if (defined.has(schema.name)) return `"${schema.name}"`
    defined.add(schema.name)
  }
  switch (schema.type) {
    case 'record':
      return `{"name":"${schema.name}","type":"record","fields":[${fields(schema.fields, defined)}]}`
    case 'enum':
      return `{"name":"${schema.name}","type":"enum","symbols":${JSON.stringify(schema.symbols)}}`
    case 'fixed':
      return `{"name":"${schema.name}","type":"fixed","size":${schema.size}}`
    case 'array':
      return `{"type":"array","items":${form(schema.items, defined)}}`
    case 'union':
      return `[${schema.branches.map((branch) => form(branch, defined)).join(',')}]`
    default:
      return `"${schema.type}"`
  }
}

const fields = (list: readonly Field[], defined: Set<string>): string =>
  list.map(({ name, schema }) => `{"name":"${name}","type":${form(schema, defined)}}`).join(',')
