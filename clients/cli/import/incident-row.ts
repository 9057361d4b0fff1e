import {
  CLARITIES,
  DATE_PRECISIONS,
  PLACE_PRECISIONS,
  VIOLENCE_TYPES,
} from '#clients/cli/import/incident-codes.ts'
import { isDecoded, plainLine } from '#clients/cli/import/plain-text.ts'
import { type Province, provinceFrom } from '#clients/cli/import/province.ts'
import type { Period } from '#core/alert.ts'
import { isEventTimeMs } from '#core/time.ts'

/** The columns that are read; a file may have others. */
export const COLUMNS = [
  'id',
  'date_start',
  'date_end',
  'date_prec',
  'event_clarity',
  'type_of_violence',
  'side_a',
  'side_b',
  'number_of_sources',
  'source_headline',
  'where_prec',
  'where_coordinates',
  'where_description',
  'adm_1',
  'adm_2',
  'latitude',
  'longitude',
  'deaths_civilians',
  'best',
  'high',
  'low',
] as const
export type Column = (typeof COLUMNS)[number]
export type Cells = Readonly<Record<Column, string>>

/** One event as the file has it; every text is one plain line. */
export interface IncidentRow {
  /** UCDP's number of the event, in decimal. */
  readonly id: string
  readonly province: Province
  readonly district: string | null
  readonly point: { readonly latitude: number; readonly longitude: number }
  readonly placePrecision: keyof typeof PLACE_PRECISIONS
  readonly place: string
  readonly placeDescription: string
  readonly firstDay: string
  readonly lastDay: string
  /** From the first millisecond of the first day to the last of the last, in UTC. */
  readonly occurred: Period
  readonly datePrecision: keyof typeof DATE_PRECISIONS
  readonly clarity: keyof typeof CLARITIES
  readonly violenceType: keyof typeof VIOLENCE_TYPES
  readonly sideA: string
  readonly sideB: string
  /** Null: not recorded. */
  readonly sources: number | null
  readonly headlines: readonly string[]
  readonly deaths: {
    readonly best: number
    readonly low: number
    readonly high: number
    readonly civilians: number
  }
}

/** Why no alert is made of a row. Codes are for ever; texts may change. */
export const ROW_PROBLEMS = {
  'cells-count': 'The row has more or fewer cells than the header.',
  'id-repeated': 'The same event was in the file before.',
  'not-utf8': 'A cell is not UTF-8.',
  'province-missing': 'The row names no province, so no department reports it.',
  'province-unknown': 'The row names a province that is not known.',
  'value-invalid': 'A cell is not what its column holds.',
} as const
export type RowProblemCode = keyof typeof ROW_PROBLEMS

export interface RowProblem {
  readonly code: RowProblemCode
  /** Where it is; null: in the row as a whole. */
  readonly column: Column | null
}

export type RowResult =
  | { readonly ok: true; readonly row: IncidentRow }
  | { readonly ok: false; readonly problem: RowProblem }

/** The event that the cells tell of. Takes any text in any cell. */
export const rowFrom = (cells: Cells): RowResult => {
  const undecoded = COLUMNS.find((column) => !isDecoded(cells[column]))
  if (undecoded !== undefined) return problem('not-utf8', undecoded)
  if (!/^[1-9]\d{0,14}$/.test(cells.id)) return problem('value-invalid', 'id')
  const codes = codesFrom(cells)
  if (typeof codes === 'string') return problem('value-invalid', codes)
  const days = daysFrom(cells)
  if (typeof days === 'string') return problem('value-invalid', days)
  const numbers = numbersFrom(cells)
  if (typeof numbers === 'string') return problem('value-invalid', numbers)
  const written = plainLine(cells.adm_1)
  if (written === '') return problem('province-missing', 'adm_1')
  const province = provinceFrom(written)
  if (province === null) return problem('province-unknown', 'adm_1')
  const row = { id: cells.id, province, ...codes, ...days, ...numbers, ...textsFrom(cells) }
  return { ok: true, row }
}

const problem = (code: RowProblemCode, column: Column): RowResult => ({
  ok: false,
  problem: { code, column },
})

/** These three give the column that holds something else, as does every reader of cells below. */
const codesFrom = (cells: Cells) => {
  const datePrecision = keyIn(DATE_PRECISIONS, cells.date_prec)
  if (datePrecision === null) return 'date_prec'
  const clarity = keyIn(CLARITIES, cells.event_clarity)
  if (clarity === null) return 'event_clarity'
  const violenceType = keyIn(VIOLENCE_TYPES, cells.type_of_violence)
  if (violenceType === null) return 'type_of_violence'
  const placePrecision = keyIn(PLACE_PRECISIONS, cells.where_prec)
  if (placePrecision === null) return 'where_prec'
  return { datePrecision, clarity, violenceType, placePrecision }
}

const keyIn = <T extends object>(table: T, text: string): (keyof T & string) | null =>
  Object.hasOwn(table, text) ? (text as keyof T & string) : null

const DAY_MS = 86_400_000

const daysFrom = ({ date_start: firstDay, date_end: lastDay }: Cells) => {
  const fromMs = dayMsFrom(firstDay)
  if (fromMs === null) return 'date_start'
  const lastMs = dayMsFrom(lastDay)
  if (lastMs === null || lastMs < fromMs) return 'date_end'
  return { firstDay, lastDay, occurred: { fromMs, toMs: lastMs + DAY_MS - 1 } }
}

/** The first millisecond of a day that there is, in UTC. */
const dayMsFrom = (text: string): number | null => {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return null
  const dayMs = Date.parse(`${text}T00:00:00Z`)
  if (!Number.isFinite(dayMs) || !isEventTimeMs(dayMs + DAY_MS)) return null
  // February 30 is read as March 2.
  return new Date(dayMs).toISOString().startsWith(text) ? dayMs : null
}

const numbersFrom = (cells: Cells) => {
  const sources = countFrom(cells.number_of_sources)
  // UCDP writes −1 for «not recorded»; none at all says no more.
  if (sources === null && cells.number_of_sources !== '-1') return 'number_of_sources'
  const latitude = degreesFrom(cells.latitude, 90)
  if (latitude === null) return 'latitude'
  const longitude = degreesFrom(cells.longitude, 180)
  if (longitude === null) return 'longitude'
  const best = countFrom(cells.best)
  if (best === null) return 'best'
  const high = countFrom(cells.high)
  if (high === null) return 'high'
  const low = countFrom(cells.low)
  if (low === null) return 'low'
  const civilians = countFrom(cells.deaths_civilians)
  if (civilians === null) return 'deaths_civilians'
  return {
    sources: sources === 0 ? null : sources,
    point: { latitude, longitude },
    deaths: { best, high, low, civilians },
  }
}

const countFrom = (text: string): number | null => (/^\d{1,7}$/.test(text) ? Number(text) : null)

const degreesFrom = (text: string, degreesMax: number): number | null => {
  if (!/^-?\d{1,3}(?:\.\d{1,15})?$/.test(text)) return null
  const degrees = Number(text)
  return Math.abs(degrees) <= degreesMax ? degrees : null
}

const textsFrom = (cells: Cells) => ({
  district: districtFrom(plainLine(cells.adm_2)),
  place: plainLine(cells.where_coordinates),
  placeDescription: plainLine(cells.where_description),
  sideA: plainLine(cells.side_a),
  sideB: plainLine(cells.side_b),
  headlines: cells.source_headline.split(';').map(headlineFrom).filter(saysSomething),
})

/** «Swat district» is Swat. Tribal agencies became districts; «Distrcit» is in the data. */
const districtFrom = (written: string): string | null =>
  written.replace(/ (?:district|distrcit|agency)$/i, '') || null

/** Without the reporter's name, which the data puts behind «AU»: no reader needs it. */
const headlineFrom = (written: string): string =>
  plainLine(written).replace(/ AU(?: \p{Lu}[\p{L}.'’-]*){1,5}$/u, '')

/** Some are a lone full stop. */
const saysSomething = (headline: string): boolean => /[\p{L}\p{N}]/u.test(headline)
