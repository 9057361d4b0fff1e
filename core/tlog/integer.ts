/**
 * Sizes and indexes of a log: whole numbers from 0 to 2^53 − 1. The bit operators of JavaScript
 * see only the lowest 32 bits, so a log of more than 2^31 entries would be verified against the
 * wrong positions with them; what follows divides instead.
 */

export const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0

export const isOdd = (value: number): boolean => value % 2 === 1

/** Rounded down. */
export const half = (value: number): number => Math.floor(value / 2)

/** The largest power of two that is ≤ `value`, as its exponent; `value` ≥ 1. */
export const floorLog2 = (value: number): number => {
  let exponent = 0
  for (let left = value; left > 1; left = half(left)) exponent += 1
  return exponent
}

export const isPowerOfTwo = (value: number): boolean => value === 2 ** floorLog2(value)

/** Plain decimal digits without sign or leading zero, at most 2^53 − 1; otherwise null. */
export const parseCount = (text: string): number | null => {
  if (!/^(0|[1-9][0-9]{0,15})$/.test(text)) return null
  const value = Number(text)
  return isCount(value) ? value : null
}
