import { expect, test } from 'vitest'
import { canonicalForm } from '#core/avro/canonical-form.ts'
import { parseSchema } from '#core/avro/schema.ts'

const form = (schema: unknown): string => canonicalForm(parseSchema(schema))

test('simplifies, strips, orders and qualifies', () => {
  const schema = {
    doc: 'a place',
    fields: [
      { doc: 'north', type: { type: 'double', doc: 'degrees' }, name: 'latitude' },
      { name: 'id', type: { size: 16, namespace: 'other', name: 'Uuid', type: 'fixed' } },
      { name: 'kind', type: { symbols: ['A', 'B'], type: 'enum', name: 'Kind' } },
      { name: 'again', type: ['null', { type: 'array', items: 'Kind', doc: 'all' }] },
    ],
    namespace: 'rabta.v1',
    name: 'Place',
    type: 'record',
  }
  expect(form(schema)).toBe(
    '{"name":"rabta.v1.Place","type":"record","fields":[' +
      '{"name":"latitude","type":"double"},' +
      '{"name":"id","type":{"name":"other.Uuid","type":"fixed","size":16}},' +
      '{"name":"kind","type":{"name":"rabta.v1.Kind","type":"enum","symbols":["A","B"]}},' +
      '{"name":"again","type":["null",{"type":"array","items":"rabta.v1.Kind"}]}]}',
  )
})

test('is a fixed point: the form of a form is itself', () => {
  const schema = ['null', { type: 'enum', name: 'n.E', symbols: ['A'], doc: 'd' }, 'string']
  expect(form(JSON.parse(form(schema)))).toBe(form(schema))
})
