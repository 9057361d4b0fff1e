import { describe, expect, it } from 'vitest'
import { floorLog2, half, isCount, isOdd, isPowerOfTwo, parseCount } from '#core/tlog/integer.ts'

const LARGEST = 2 ** 53 - 1

describe('counts', () => {
  it('go from 0 to 2^53 - 1', () => {
    expect([0, 1, 2 ** 31, LARGEST].every(isCount)).toBe(true)
    const others = [-1, 0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY]
    expect(others.some(isCount)).toBe(false)
  })

  it('are halved and tested beyond 32 bits', () => {
    expect([half(2 ** 40 + 1), half(LARGEST)]).toEqual([2 ** 39, 2 ** 52 - 1])
    expect([2 ** 40 + 1, LARGEST].every(isOdd)).toBe(true)
    expect([0, 2 ** 32, LARGEST - 1].some(isOdd)).toBe(false)
  })

  it('have their powers of two beyond 32 bits', () => {
    expect([1, 2, 3, 2 ** 32 - 1, 2 ** 32, LARGEST].map(floorLog2)).toEqual([0, 1, 1, 31, 32, 52])
    expect([1, 2, 2 ** 31, 2 ** 32, 2 ** 52].every(isPowerOfTwo)).toBe(true)
    expect([3, 2 ** 32 + 1, LARGEST].some(isPowerOfTwo)).toBe(false)
  })

  it('are read from their one decimal form', () => {
    expect(['0', '7', '4294967296', '9007199254740991'].map(parseCount)).toEqual([
      0,
      7,
      2 ** 32,
      LARGEST,
    ])
    const others = ['', '00', '01', '-1', '+1', ' 1', '1 ', '1\n', '1.0', '1e3', '0x1', '٣']
    for (const text of [...others, '9007199254740992', '10000000000000000']) {
      expect(parseCount(text), text).toBe(null)
    }
  })
})
