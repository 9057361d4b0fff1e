import { expect, test } from 'vitest'
import { baseUrl } from '#clients/sdk/base-url.ts'

test.each([
  ['https://hub.example', 'https://hub.example'],
  ['https://hub.example/', 'https://hub.example'],
  ['https://hub.example:8443/rabta/', 'https://hub.example:8443/rabta'],
  ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
  ['http://localhost:8080', 'http://localhost:8080'],
  ['http://[::1]:8080', 'http://[::1]:8080'],
])('%s is taken', (text, base) => {
  expect(baseUrl(text, false)).toBe(base)
})

test.each([
  'http://hub.example',
  'http://127.0.0.1.hub.example',
  'ftp://127.0.0.1',
  'https://user:secret@hub.example',
  'https://hub.example/?a=b',
  'hub.example',
])('%s is refused', (text) => {
  expect(() => baseUrl(text, false)).toThrow(TypeError)
})

test('only http is ever allowed in the clear', () => {
  expect(baseUrl('http://gateway:8080', true)).toBe('http://gateway:8080')
  expect(() => baseUrl('ftp://gateway', true)).toThrow(TypeError)
})
