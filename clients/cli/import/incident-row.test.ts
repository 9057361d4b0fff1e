import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { DEMO_FEDERATION } from '#clients/cli/demo-federation.ts'
import { incidentAlert } from '#clients/cli/import/incident-alert.ts'
import { type Cells, COLUMNS, type Column, rowFrom } from '#clients/cli/import/incident-row.ts'
import { departmentOf, PROVINCES } from '#clients/cli/import/province.ts'
import { decodeAlert, encodeAlert } from '#core/alert-codec.ts'
import { sampleCells } from '#tests/incident-cells.ts'

const rowOf = (changes: Partial<Cells> = {}) => {
  const result = rowFrom(sampleCells(changes))
  if (!result.ok) throw new Error(`${result.problem.code} ${result.problem.column}`)
  return result.row
}

const problemOf = (changes: Partial<Cells>) => {
  const result = rowFrom(sampleCells(changes))
  return result.ok ? null : result.problem
}

describe('a cell that is not what its column holds is named', () => {
  test.each<[Column, string]>([
    ['id', ''],
    ['id', '-1'],
    ['id', '007'],
    ['id', '1e3'],
    ['date_start', '2001-02-30'],
    ['date_start', '2001-13-01'],
    ['date_start', '2001-2-3'],
    ['date_start', '2101-01-01'],
    ['date_start', 'yesterday'],
    ['date_end', '2001-02-02'],
    ['date_end', ''],
    ['date_prec', '0'],
    ['date_prec', '6'],
    ['date_prec', 'constructor'],
    ['event_clarity', '3'],
    ['type_of_violence', '4'],
    ['where_prec', '8'],
    ['where_prec', 'toString'],
    ['number_of_sources', '-2'],
    ['number_of_sources', ''],
    ['latitude', '91'],
    ['latitude', 'NaN'],
    ['latitude', '1e1'],
    ['longitude', '-180.1'],
    ['longitude', ''],
    ['best', '-1'],
    ['high', '1.5'],
    ['low', 'many'],
    ['deaths_civilians', ''],
  ])('%s: «%s»', (column, cell) => {
    expect(problemOf({ [column]: cell })).toEqual({ code: 'value-invalid', column })
  })

  test('and so is one that was not UTF-8', () => {
    expect(problemOf({ side_a: 'Ans\ufffdr' })).toEqual({ code: 'not-utf8', column: 'side_a' })
  })
})

describe('the province', () => {
  test.each([
    ['Azad Jammu & Kashmir', 'PK-JK'],
    ['Balochistan province', 'PK-BA'],
    ['Federally Administered Tribal Areas', 'PK-KP'],
    ['Gilgit-Baltistan', 'PK-GB'],
    ['Islamabad Capital territory', 'PK-IS'],
    ['Khyber Pakhtunkwa province', 'PK-KP'],
    ['Khyber Pakhtunkhwa', 'PK-KP'],
    ['Punjab province', 'PK-PB'],
    [' sindh  Province ', 'PK-SD'],
  ])('«%s» is %s', (written, province) => {
    expect(rowOf({ adm_1: written }).province).toBe(province)
  })

  test('that is missing or unknown is reported and never guessed', () => {
    expect(problemOf({ adm_1: ' ' })).toEqual({ code: 'province-missing', column: 'adm_1' })
    for (const adm_1 of ['Exampleland province', 'Federal', 'PK', 'Kashmir', 'constructor']) {
      expect(problemOf({ adm_1 }), adm_1).toEqual({ code: 'province-unknown', column: 'adm_1' })
    }
  })

  test('has the department that is at home there', () => {
    const homes = PROVINCES.map((province) => {
      const agency = DEMO_FEDERATION.find((one) => one.agency === departmentOf(province))
      return agency?.home
    })
    expect(homes).toEqual(PROVINCES)
    expect(PROVINCES).toHaveLength(7)
  })
})

describe('a row', () => {
  test('lasts from the beginning of its first day to the end of its last', () => {
    expect(rowOf({ date_end: '2001-02-04' }).occurred).toEqual({
      fromMs: Date.UTC(2001, 1, 3),
      toMs: Date.UTC(2001, 1, 5) - 1,
    })
  })

  test.each([
    ['Swat district', 'Swat'],
    ['Jafarabad Distrcit', 'Jafarabad'],
    ['Khyber agency', 'Khyber'],
    ['FR Tank - Jandola', 'FR Tank - Jandola'],
    ['', null],
  ])('in «%s» is in the district %s', (adm_2, district) => {
    expect(rowOf({ adm_2 }).district).toBe(district)
  })

  test('has each headline once it says something, without who wrote it', () => {
    const source_headline = 'Invented: calm AU Nobody Invented-Person;.; ;Two "calm"\u202e days '
    expect(rowOf({ source_headline }).headlines).toEqual(['Invented: calm', 'Two "calm" days'])
    expect(rowOf({ source_headline: 'Talks AU' }).headlines).toEqual(['Talks AU'])
  })

  test('whose sources were not recorded has none', () => {
    const counted = ['-1', '0', '1', '15'].map((n) => rowOf({ number_of_sources: n }).sources)
    expect(counted).toEqual([null, null, 1, 15])
  })
})

describe('whatever stands in the cells', () => {
  const units = fc.array(fc.nat(0xff_ff), { maxLength: 40 })
  const anyText = units.map((all) => String.fromCharCode(...all))
  const hostile = fc.constantFrom(
    '',
    '-1',
    '99999999999',
    '__proto__',
    '\u202e',
    'x'.repeat(30_000),
  )
  const cell = fc.oneof(fc.string(), anyText, hostile)
  const some = fc.dictionary(fc.constantFrom(...COLUMNS), cell, { maxKeys: 3 })

  test('a row is an alert that the hub takes, or is reported', () => {
    let alerts = 0
    fc.assert(
      fc.property(some, (changes) => {
        const result = rowFrom(sampleCells(changes))
        if (!result.ok) return
        alerts += 1
        const alert = incidentAlert(result.row, { realm: 'live', sentAtMs: 1, sha256 })
        expect(decodeAlert(encodeAlert(alert))).toEqual({ ok: true, value: alert })
      }),
      { numRuns: 2_000 },
    )
    expect(alerts).toBeGreaterThan(100)
  })

  test('no row throws, even when all cells are strange', () => {
    const all = fc.record(Object.fromEntries(COLUMNS.map((column) => [column, cell])))
    fc.assert(
      fc.property(all, (cells) => {
        expect(rowFrom(cells as Cells)).toHaveProperty('ok')
      }),
    )
  })
})
