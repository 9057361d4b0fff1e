import { base64 } from '#core/bytes.ts'
import { recordToJson } from '#core/record-json.ts'
import type { Leaf } from '#services/audit/read-records.ts'

/** A page of records, newest first. */
export interface RecordPage {
  /** All leaves below this index were searched. */
  readonly asOfIndex: number
  readonly leaves: readonly Leaf[]
  /** What to ask for as `before` to go on; null at the end. */
  readonly next: number | null
}

export const leafView = ({ index, bytes, record }: Leaf) => ({
  index,
  /** Null for what cannot be read; `bytes` are the leaf in any case. */
  record: record && recordToJson(record),
  bytes: base64(bytes),
})

const jsonPage = ({ asOfIndex, leaves, next }: RecordPage): string =>
  JSON.stringify({ asOfIndex, records: leaves.map(leafView), next })

const linesPage = ({ leaves }: RecordPage): string =>
  leaves.map((leaf) => `${JSON.stringify(leafView(leaf))}\n`).join('')

/** RFC 4180, each field quoted. */
const csvPage = ({ leaves }: RecordPage): string =>
  [COLUMNS, ...leaves.map(csvFields)]
    .map((fields) => `${fields.map(quoted).join(',')}\r\n`)
    .join('')

const COLUMNS = [
  'index',
  'time',
  'service',
  'requestId',
  'realm',
  'principal',
  'agency',
  'action',
  'outcome',
  'origin',
  'id',
  'digest',
  'reasons',
  'purpose',
  'caseReference',
  'bytes',
] as const

const csvFields = (leaf: Leaf): readonly string[] => {
  const { index, record, bytes } = leafView(leaf)
  const known: Partial<Record<(typeof COLUMNS)[number], string | null | undefined>> = record
    ? {
        time: new Date(record.timeMs).toISOString(),
        service: record.service,
        requestId: record.requestId,
        realm: record.realm,
        principal: record.principal,
        agency: record.agency,
        action: record.action,
        outcome: record.outcome,
        origin: record.alert?.origin,
        id: record.alert?.id,
        digest: record.alert?.digest,
        reasons: record.reasons.join(' '),
        purpose: record.purpose?.code,
        caseReference: record.purpose?.caseReference,
      }
    : {}
  const fields = { ...known, index: String(index), bytes }
  return COLUMNS.map((column) => fields[column] ?? '')
}

/** A spreadsheet takes a field that begins so for a formula; the topic may hold anyone's text. */
const quoted = (field: string): string =>
  `"${(/^[=+\-@\t\r]/.test(field) ? `'${field}` : field).replaceAll('"', '""')}"`

/** The forms of a page, by media type; the first is given to whoever does not say. */
export const RECORD_FORMATS = {
  'application/json': jsonPage,
  'application/x-ndjson': linesPage,
  'text/csv': csvPage,
} as const
export type RecordFormat = keyof typeof RECORD_FORMATS
export const RECORD_TYPES = Object.keys(RECORD_FORMATS) as readonly RecordFormat[]
