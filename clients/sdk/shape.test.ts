import { describe, expect, test } from 'vitest'
import {
  bytesShape,
  countShape,
  digestShape,
  listOf,
  Misshapen,
  nullOr,
  objectOf,
  textShape,
} from '#clients/sdk/shape.ts'

const refusalOf = (read: () => unknown): string => {
  try {
    read()
  } catch (error) {
    if (error instanceof Misshapen) return error.message
    throw error
  }
  return 'taken'
}

describe('a shape', () => {
  const page = objectOf({
    items: listOf(objectOf({ index: countShape }), 2),
    why: nullOr(countShape),
  })

  test('gives the members that it names and passes over the others', () => {
    const value = JSON.parse('{"items":[{"index":3,"x":1}],"why":null,"__proto__":{"y":2}}')
    expect(page(value, '')).toEqual({ items: [{ index: 3 }], why: null })
  })

  test.each([
    ['a member that is missing', '{"items":[]}', 'why'],
    [
      'one that an object has from its prototype only',
      '{"items":[{}],"why":null}',
      'items[0].index',
    ],
    ['a list that is too long', '{"items":[{},{},{}],"why":null}', 'items'],
    ['a text for a number', '{"items":[{"index":"3"}],"why":null}', 'items[0].index'],
    ['no object', '[]', 'items'],
    ['null', 'null', 'the whole'],
  ])('names %s', (_what, json, path) => {
    expect(refusalOf(() => page(JSON.parse(json), ''))).toBe(path)
  })
})

test.each([-1, 0.5, 2 ** 53, Number.NaN, '1', null])('%s is no count', (value) => {
  expect(refusalOf(() => countShape(value, 'n'))).toBe('n')
})

test('bytes are measured before they are decoded, and after', () => {
  expect(bytesShape(2)('AAA=', 'b')).toEqual(new Uint8Array(2))
  expect(refusalOf(() => bytesShape(2)('AAAA', 'b'))).toBe('b')
  expect(refusalOf(() => bytesShape(2)('A'.repeat(8), 'b'))).toBe('b')
  expect(refusalOf(() => bytesShape(2)('AAA', 'b'))).toBe('b')
})

test('a text with control characters is none: a terminal would obey them', () => {
  expect(textShape(10)('Wait.', 't')).toBe('Wait.')
  expect(refusalOf(() => textShape(10)('\u001b[2J', 't'))).toBe('t')
  expect(refusalOf(() => textShape(3)('Wait', 't'))).toBe('t')
})

test('a digest is 32 bytes in lower case', () => {
  expect(digestShape('ab'.repeat(32), 'd')).toHaveLength(32)
  expect(refusalOf(() => digestShape('AB'.repeat(32), 'd'))).toBe('d')
  expect(refusalOf(() => digestShape('ab'.repeat(31), 'd'))).toBe('d')
})
