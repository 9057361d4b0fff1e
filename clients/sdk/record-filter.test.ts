import { expect, test } from 'vitest'
import { unmatchedBy } from '#clients/sdk/record-filter.ts'

test('an unreadable leaf matches the question for everything, and no other', () => {
  expect(unmatchedBy({}, 'live', null)).toBeNull()
  expect(unmatchedBy({ action: 'READ' }, 'live', null)).toBe('record')
  expect(unmatchedBy({ fromMs: 0 }, 'live', null)).toBe('record')
})
