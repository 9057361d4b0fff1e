import { expect, test } from 'vitest'
import { byteSequenceFrom, indexedBytesFrom } from '#clients/sdk/structured-field.ts'

test('a byte sequence stands between colons, in base64', () => {
  expect(byteSequenceFrom(':AQI=:')).toEqual(Uint8Array.of(1, 2))
  expect(byteSequenceFrom('::')).toEqual(new Uint8Array(0))
})

test.each([null, '', 'AQI=', ':AQI=', ':AQI:', ':AQI=:, :AQI=:'])('%s is none', (text) => {
  expect(byteSequenceFrom(text)).toBeNull()
})

test('an index carries its bytes as a parameter', () => {
  expect(indexedBytesFrom('12;bytes=:AQI=:')).toEqual({ index: 12, bytes: Uint8Array.of(1, 2) })
})

test.each([
  null,
  '12',
  '012;bytes=:AQI=:',
  '-1;bytes=:AQI=:',
  '9007199254740993;bytes=:AQI=:',
  '12;bytes=AQI=',
])('%s is no index with bytes', (text) => {
  expect(indexedBytesFrom(text)).toBeNull()
})
