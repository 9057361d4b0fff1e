import { expect, test } from 'vitest'
import { isSameJson } from '#clients/sdk/same-json.ts'

test.each([
  ['{"a":1,"b":[2,{"c":null}]}', '{"b":[2,{"c":null}],"a":1}'],
  ['[]', '[]'],
  ['null', 'null'],
  ['"x"', '"x"'],
])('%s says the same as %s', (a, b) => {
  expect(isSameJson(JSON.parse(a), JSON.parse(b))).toBe(true)
})

test.each([
  ['{"a":1}', '{"a":1,"b":2}'],
  ['{"a":1,"b":2}', '{"a":1}'],
  ['{"a":1}', '{"b":1}'],
  ['[1,2]', '[2,1]'],
  ['[]', '{}'],
  ['{"0":1}', '[1]'],
  ['null', '{}'],
  ['1', '"1"'],
  ['{"toString":1}', '{"valueOf":1}'],
])('%s does not say the same as %s', (a, b) => {
  expect(isSameJson(JSON.parse(a), JSON.parse(b))).toBe(false)
})
