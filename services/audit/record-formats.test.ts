import { describe, expect, test } from 'vitest'
import { utf8 } from '#core/bytes.ts'
import { isUuid } from '#core/uuid.ts'
import { RECORD_FORMATS, type RecordPage } from '#services/audit/record-formats.ts'
import { accessRecord } from '#tests/published-frame.ts'
import { agencyId } from '#tests/sample-alert.ts'

const page = (...records: ReturnType<typeof accessRecord>[]): RecordPage => ({
  asOfIndex: 7,
  leaves: records.map((record, at) => ({ index: 5 - at, bytes: utf8('leaf'), record })),
  next: null,
})
const table = (...records: ReturnType<typeof accessRecord>[]): readonly string[] =>
  RECORD_FORMATS['text/csv'](page(...records)).split('\r\n')

describe('a page of records', () => {
  test('as JSON has texts for bytes', () => {
    const record = accessRecord({ alert: null, searchTerms: new Uint8Array(2) })
    const { records } = JSON.parse(RECORD_FORMATS['application/json'](page(record)))
    expect(records[0].record).toMatchObject({ alert: null, searchTerms: '0000' })
    expect(records[0].record.salt).toMatch(/^[0-9a-f]{32}$/)
    expect(records[0].bytes).toBe('bGVhZg==')
  })

  test('as JSON has all that the record has', () => {
    const record = accessRecord()
    const [first] = JSON.parse(RECORD_FORMATS['application/json'](page(record))).records
    expect(Object.keys(first.record).toSorted()).toEqual(Object.keys(record).toSorted())
  })

  test('as a table has one row for each, whatever texts it holds', () => {
    const id = '0d3e1a52-8a0e-4a4f-9a53-4f1c8f0b6e11'
    if (!isUuid(id)) throw new RangeError(id)
    const alert = { origin: agencyId('ctd-kp'), id, digest: null }
    const [, row, end] = table(accessRecord({ alert, reasons: ['a"b', 'c'], timeMs: 0 }))
    expect(row).toContain(`"ctd-kp","${id}","","a""b c","",""`)
    expect(row).toMatch(/^"5","1970-01-01T00:00:00.000Z","GATEWAY"/)
    expect(end).toBe('')
  })

  test.each(['=1+1', '+1', '-1', '@SUM', '\tx'])('as a table has no formula in %j', (reason) => {
    expect(table(accessRecord({ reasons: [reason] }))[1]).toContain(`"'${reason}"`)
  })

  test('as a table shows a leaf that cannot be read by its bytes alone', () => {
    const leaf = { index: 5, bytes: utf8('leaf'), record: null }
    const text = RECORD_FORMATS['text/csv']({ ...page(), leaves: [leaf] })
    expect(text.split('\r\n')[1]).toMatch(/^"5","","",.*,"bGVhZg=="$/)
  })
})
