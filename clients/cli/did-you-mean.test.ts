import { expect, test } from 'vitest'
import { nearest } from '#clients/cli/did-you-mean.ts'
import { ALL_JURISDICTIONS } from '#core/jurisdiction.ts'

test.each([
  ['KP', 'PK-KP'],
  ['sd', 'PK-SD'],
  ['pk', 'PK'],
  ['PKKP', 'PK-KP'],
  ['PK_PB', 'PK-PB'],
])('of the jurisdictions, «%s» is meant to be %s', (word, meant) => {
  expect(nearest(word, ALL_JURISDICTIONS)).toBe(meant)
})

test('the federation is not suggested for a province', () => {
  for (const word of ['KPK', 'PJ', 'K', 'P', 'AK']) {
    expect(nearest(word, ALL_JURISDICTIONS)).not.toBe('PK')
  }
})

test('a part of two words suggests neither of them for being a part', () => {
  expect(nearest('--client', ['--client-key', '--client-certificate'])).toBeNull()
})
