import type { SQLOutputValue } from 'node:sqlite'

export type Row = Record<string, SQLOutputValue>

/** Typed columns of a row. They throw where a table does not hold what its view put there. */
export const integerIn = (row: Row, column: string): number => {
  const value = row[column]
  if (typeof value === 'number') return value
  throw new TypeError(`no integer in column ${column}`)
}

export const textIn = (row: Row, column: string): string => {
  const value = row[column]
  if (typeof value === 'string') return value
  throw new TypeError(`no text in column ${column}`)
}

export const bytesIn = (row: Row, column: string): Uint8Array => {
  const value = row[column]
  if (value instanceof Uint8Array) return value
  throw new TypeError(`no bytes in column ${column}`)
}

export const integerOrNullIn = (row: Row, column: string): number | null =>
  row[column] === null ? null : integerIn(row, column)

export const textOrNullIn = (row: Row, column: string): string | null =>
  row[column] === null ? null : textIn(row, column)
