import { describe, expect, test } from 'vitest'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { incidentAlert } from '#clients/cli/import/incident-alert.ts'
import { type Cells, rowFrom } from '#clients/cli/import/incident-row.ts'
import { readIncidents } from '#clients/cli/import/read-incidents.ts'
import type { Alert } from '#core/alert.ts'
import { decodeAlert, encodeAlert } from '#core/alert-codec.ts'
import { sampleCells } from '#tests/incident-cells.ts'
import { incidentsFile } from '#tests/incidents-file.ts'

const SENT_AT_MS = 1_700_000_000_000

const alertOf = (changes: Partial<Cells> = {}, realm: Alert['realm'] = 'live'): Alert => {
  const result = rowFrom(sampleCells(changes))
  if (!result.ok) throw new Error(result.problem.code)
  return incidentAlert(result.row, { realm, sentAtMs: SENT_AT_MS, sha256 })
}

const textOf = (changes: Partial<Cells>) => {
  const [text] = alertOf(changes).texts
  if (text === undefined) throw new Error('no text')
  return text
}

describe('every row of the file at hand', () => {
  test('is an alert that reads back as it was meant, or is reported', async () => {
    const ids = new Set<string>()
    let rows = 0
    for await (const read of readIncidents(incidentsFile())) {
      rows += 1
      if (!read.ok) continue
      const alert = incidentAlert(read.row, { realm: 'live', sentAtMs: SENT_AT_MS, sha256 })
      const decoded = decodeAlert(encodeAlert(alert))
      expect(decoded, `line ${read.line}`).toEqual({ ok: true, value: alert })
      ids.add(alert.id)
    }
    expect(ids.size).toBeGreaterThan(40)
    expect(rows - ids.size).toBeLessThan(rows / 10)
    process.stdout.write(`  ${ids.size} alerts of ${rows} rows in ${incidentsFile()}\n`)
  })
})

describe('the name of an alert', () => {
  test('is the same for the same event in every run, and another in each realm', () => {
    expect(alertOf()).toEqual(alertOf())
    expect(alertOf().id).toBe('27664140-4d88-86af-9e8b-ae5ab86df449')
    expect(alertOf({ best: '9', source_headline: 'Corrected' }).id).toBe(alertOf().id)
    expect(alertOf({}, 'exercise').id).not.toBe(alertOf().id)
    expect(alertOf({ id: '900102' }).id).not.toBe(alertOf().id)
  })
})

describe('the label', () => {
  test.each([
    ['900101', 'RESTRICTED'],
    ['900110', 'CONFIDENTIAL'],
    ['900100', 'SECRET'],
    ['900150', 'SECRET'],
  ])('of event %s is %s, for its province and the federation', (id, classification) => {
    expect(alertOf({ id }).label).toEqual({
      classification,
      jurisdictions: ['PK', 'PK-SD'],
      releasableTo: null,
      caveats: [],
    })
  })
})

describe('the evaluation', () => {
  test.each([
    ['-1', 'F'],
    ['0', 'F'],
    ['1', 'C'],
    ['2', 'B'],
    ['15', 'B'],
  ])('of %s sources has the letter %s', (number_of_sources, reliability) => {
    expect(alertOf({ number_of_sources }).evaluation.reliability).toBe(reliability)
  })

  test.each([
    ['1', '1', '1', 2],
    ['1', '3', '3', 2],
    ['2', '1', '1', 3],
    ['1', '4', '1', 3],
    ['1', '1', '5', 3],
    ['2', '4', '1', 4],
    ['2', '5', '6', 4],
  ])('of clarity %s, date %s, place %s has the digit %i', (clarity, date, place, credibility) => {
    const changes = { event_clarity: clarity, date_prec: date, where_prec: place }
    expect(alertOf(changes).evaluation.credibility).toBe(credibility)
  })
})

describe('the area', () => {
  const point = { latitude: 28.1, longitude: 66.1 }
  test.each([
    ['1', { district: 'Samplepur', point, radiusMetres: 1_000 }],
    ['2', { district: 'Samplepur', point, radiusMetres: 25_000 }],
    ['3', { district: 'Samplepur', point: null, radiusMetres: null }],
    ['4', { district: null, point: null, radiusMetres: null }],
    ['5', { district: 'Samplepur', point: null, radiusMetres: null }],
    ['6', { district: null, point: null, radiusMetres: null }],
    ['7', { district: null, point: null, radiusMetres: null }],
  ])('of place precision %s claims no more than is known', (where_prec, area) => {
    expect(alertOf({ where_prec }).areas).toEqual([{ jurisdiction: 'PK-SD', ...area }])
  })
})

describe('the text', () => {
  test('is headed by the first headline of the sources, cut at a word', () => {
    expect(textOf({ source_headline: 'Invented one;Invented two' }).headline).toBe('Invented one')
    const { headline } = textOf({ source_headline: 'lorry '.repeat(60) })
    expect(headline).toBe(`${'lorry '.repeat(49)}lorry…`)
  })

  test('has a headline of its own where the sources have none', () => {
    expect(textOf({}).headline).toBe('State-based violence in Samplepur district, 2001-02-03')
    const wide = { where_prec: '4', date_end: '2001-02-05', type_of_violence: '3' }
    expect(textOf(wide).headline).toBe(
      'One-sided violence against civilians in Sindh, 2001-02-03 to 2001-02-05',
    )
  })

  test('tells place, date, sides, deaths, reports and source', () => {
    const changes = { source_headline: 'Invented one;Invented two', where_description: 'Far off.' }
    expect(textOf(changes).narrative.split('\n')).toEqual([
      'State-based violence in Samplepur district (Sindh).',
      'Place: Example bazaar, Far off; the place is known.',
      'Date: 2001-02-03; the day is known.',
      'Sides: Invented Group A; Invented Group B.',
      'Deaths: best estimate 2, low 1, high 3; civilians among them 1.',
      'Reports: 2; the event is clear in the reports.',
      'Reported as: Invented one',
      'Reported as: Invented two',
      'Source: UCDP Georeferenced Event Dataset, Uppsala Conflict Data Program, event 900101 ' +
        '(CC BY-IGO). Open data about a past event; it is not intelligence.',
    ])
  })

  test('says what is not known', () => {
    const { narrative } = textOf({
      number_of_sources: '-1',
      event_clarity: '2',
      where_coordinates: '',
      where_description: '',
      side_b: '',
    })
    expect(narrative).toContain('Place: not described; the place is known.')
    expect(narrative).toContain('Sides: Invented Group A; not named.')
    expect(narrative).toContain('Reports: number not recorded; the event cannot be told apart')
  })
})

test('an alert says when it was sent and when it happened, and expires never', () => {
  expect(alertOf()).toMatchObject({
    origin: 'ctd-sindh',
    kind: 'INFORMATION_REPORT',
    precedence: 'ROUTINE',
    sentAtMs: SENT_AT_MS,
    occurred: { fromMs: Date.UTC(2001, 1, 3), toMs: Date.UTC(2001, 1, 4) - 1 },
    expiresAtMs: null,
  })
})
