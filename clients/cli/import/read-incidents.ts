import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream'
import { CsvError, type Info, type InfoRecord, parse } from 'csv-parse'
import { UsageError } from '#clients/cli/command.ts'
import {
  type Cells,
  COLUMNS,
  type RowProblem,
  type RowResult,
  rowFrom,
} from '#clients/cli/import/incident-row.ts'
import { LIMITS } from '#core/limits.ts'

/** A row's result and the line of the file where the row begins. */
export type ReadRow = RowResult & { readonly line: number }

/**
 * Reads a CSV file of incidents as a stream, in its order, `limit` rows at most. Throws UsageError
 * for a file that cannot be read, lacks a column, or whose quotes are wrong: where a row ends is
 * then anybody's guess.
 */
export async function* readIncidents(
  path: string,
  limit: number = Number.POSITIVE_INFINITY,
): AsyncGenerator<ReadRow, void> {
  let isHeaderSeen = false
  const parser = parse({
    bom: true,
    columns: (header: string[]) => {
      isHeaderSeen = true
      return checkedHeader(path, header)
    },
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: LIMITS.importRowCharactersMax,
  })
  // An error of the file ends the parser, whose reader gets it.
  pipeline(createReadStream(path), parser, () => undefined)
  const place = new LineCounter()
  const ids = new Set<string>()
  let rows = 0
  try {
    for await (const parsed of parser as AsyncIterable<ParsedRow>) {
      if (rows >= limit) return
      rows += 1
      if (rows > LIMITS.importRowsMax) {
        throw new UsageError(`${path}: more than ${LIMITS.importRowsMax} rows; divide it`)
      }
      const line = place.lineOf(parsed)
      const result = resultOf(parsed, ids)
      yield { ...result, line }
    }
  } catch (error) {
    throw usageErrorFrom(path, error)
  } finally {
    parser.destroy()
  }
  if (!isHeaderSeen) throw new UsageError(`${path} is empty: its first line must name the columns`)
}

interface ParsedRow {
  readonly record: Cells
  readonly info: Info & Partial<Pick<InfoRecord, 'error'>>
}

const checkedHeader = (path: string, header: readonly string[]): string[] => {
  const missing = COLUMNS.filter((column) => !header.includes(column))
  if (missing.length > 0) {
    throw new UsageError(`${path} lacks the column(s) ${missing.join(', ')}; see docs/import.md`)
  }
  const doubled = COLUMNS.find((one) => header.indexOf(one) !== header.lastIndexOf(one))
  if (doubled !== undefined) throw new UsageError(`${path} has the column ${doubled} twice`)
  return [...header]
}

const resultOf = ({ record, info }: ParsedRow, ids: Set<string>): RowResult => {
  if (info.error !== undefined) return bad({ code: 'cells-count', column: null })
  const result = rowFrom(record)
  if (!result.ok) return result
  const { id } = result.row
  if (ids.has(id)) return bad({ code: 'id-repeated', column: 'id' })
  ids.add(id)
  return result
}

const bad = (problem: RowProblem): RowResult => ({ ok: false, problem })

/** csv-parse says where a row ends, and counts a CR LF inside of quotes as two lines. */
class LineCounter {
  private countedTwice = 0

  lineOf({ record, info }: ParsedRow): number {
    const given: unknown = info.error?.['record']
    const cells = Array.isArray(given) ? given : Object.values(record)
    const text = cells.join('')
    this.countedTwice += text.match(/\r\n/g)?.length ?? 0
    const inside = text.match(/\r\n|\r|\n/g)?.length ?? 0
    return info.lines - this.countedTwice - inside
  }
}

const usageErrorFrom = (path: string, error: unknown): unknown => {
  if (error instanceof CsvError) return new UsageError(`${path}: ${error.message}`)
  const isOfFile = error instanceof Error && 'code' in error && 'syscall' in error
  return isOfFile ? new UsageError(`${path} cannot be read: ${error.code}`) : error
}
