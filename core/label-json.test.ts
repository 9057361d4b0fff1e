import { expect, test } from 'vitest'
import { labelFromJson } from '#core/label-json.ts'

const WRITTEN = {
  classification: 'SECRET',
  jurisdictions: ['PK', 'PK-KP'],
  releasableTo: null,
  caveats: [],
}

test('a label of JSON is the label that an alert would carry', () => {
  expect(labelFromJson(WRITTEN)).toEqual({ ok: true, value: WRITTEN })
})

test.each([
  ['no object', ['SECRET'], 'label'],
  ['nothing', null, 'label'],
  ['a level as a number', { ...WRITTEN, classification: 3 }, 'classification'],
  ['one jurisdiction that is no list', { ...WRITTEN, jurisdictions: 'PK' }, 'jurisdictions'],
  ['a jurisdiction that is no text', { ...WRITTEN, jurisdictions: [['PK']] }, 'jurisdictions'],
  ['an order of its own', { ...WRITTEN, jurisdictions: ['PK-KP', 'PK'] }, 'jurisdictions'],
  ['nobody', { ...WRITTEN, releasableTo: [] }, 'releasableTo'],
  ['an empty text for null', { ...WRITTEN, releasableTo: '' }, 'releasableTo'],
  ['no releasableTo', { ...WRITTEN, releasableTo: undefined }, 'releasableTo'],
  ['an inherited list', { ...WRITTEN, caveats: Object.create([]) }, 'caveats'],
  ['a fifth part', { ...WRITTEN, tlp: 'RED' }, 'another part'],
])('a label with %s is none', (_what, value, detail) => {
  expect(labelFromJson(value)).toEqual({ ok: false, refusal: { code: 'label-invalid', detail } })
})
