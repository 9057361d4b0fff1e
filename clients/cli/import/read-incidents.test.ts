import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { UsageError } from '#clients/cli/command.ts'
import { type Cells, COLUMNS } from '#clients/cli/import/incident-row.ts'
import { type ReadRow, readIncidents } from '#clients/cli/import/read-incidents.ts'
import { LIMITS } from '#core/limits.ts'
import { sampleCells } from '#tests/incident-cells.ts'
import { SAMPLE_FILE } from '#tests/incidents-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'rabta-incidents-'))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
const fileOf = (text: string | Uint8Array): string => {
  files += 1
  const path = join(folder, `${files}.csv`)
  writeFileSync(path, text)
  return path
}

const HEADER = COLUMNS.join(',')
const lineOf = (changes: Partial<Cells> = {}): string => {
  const cells = sampleCells(changes)
  return COLUMNS.map((column) => `"${cells[column].replaceAll('"', '""')}"`).join(',')
}

const read = async (path: string, limit?: number): Promise<readonly ReadRow[]> => {
  const rows: ReadRow[] = []
  for await (const row of readIncidents(path, limit)) rows.push(row)
  return rows
}

const shown = (rows: readonly ReadRow[]): readonly string[] =>
  rows.map((one) => `${one.line} ${one.ok ? one.row.id : one.problem.code}`)

describe('rows', () => {
  test('come with the line where each begins, also behind cells of several lines', async () => {
    for (const end of ['\n', '\r\n']) {
      const lines = [
        HEADER,
        lineOf({ id: '1' }),
        lineOf({ id: '2', where_description: 'three\nlines\r\nlong' }),
        lineOf({ id: '3', where_description: 'two\r\nlines' }),
        '',
        lineOf({ id: '4' }),
        'not,enough',
        `${lineOf({ id: '5' })},"too\r\nmuch"`,
        lineOf({ id: '6' }),
        '',
      ]
      const rows = await read(fileOf(lines.join(end)))
      const places = ['2 1', '3 2', '6 3', '9 4', '10 cells-count', '11 cells-count', '13 6']
      expect(shown(rows)).toEqual(places)
    }
  })

  test('are read by the names of their columns; others are ignored', async () => {
    const columns = ['__proto__', ...COLUMNS].reverse()
    const cells = { ...sampleCells(), ['__proto__']: 'x' }
    const line = columns.map((column) => cells[column as keyof Cells] ?? 'x').join(',')
    const [row] = await read(fileOf(`\ufeff${columns.join(',')}\n${line}`))
    expect(row).toMatchObject({ ok: true, row: { id: '900101', sideA: 'Invented Group A' } })
  })

  test('of an event that was there before are reported', async () => {
    const rows = await read(fileOf(`${HEADER}\n${lineOf()}\n${lineOf({ best: '9' })}\n`))
    expect(shown(rows)).toEqual(['2 900101', '3 id-repeated'])
  })

  test('that are not UTF-8 are reported, the others are not', async () => {
    const text = `${HEADER}\n${lineOf({ side_a: 'Ans\u00e4r' })}\n${lineOf({ id: '2' })}\n`
    expect(shown(await read(fileOf(Buffer.from(text, 'latin1'))))).toEqual(['2 not-utf8', '3 2'])
    expect(shown(await read(fileOf(text)))).toEqual(['2 900101', '3 2'])
  })

  test('are no more than was asked for', async () => {
    expect(await read(SAMPLE_FILE)).toHaveLength(50)
    expect(await read(SAMPLE_FILE, 7)).toHaveLength(7)
  })

  test('of the invented sample are of every province, and some of none', async () => {
    const rows = await read(SAMPLE_FILE)
    const provinces = new Set(rows.map((one) => (one.ok ? one.row.province : one.problem.code)))
    expect([...provinces].sort()).toEqual([
      'PK-BA',
      'PK-GB',
      'PK-IS',
      'PK-JK',
      'PK-KP',
      'PK-PB',
      'PK-SD',
      'province-missing',
      'province-unknown',
    ])
  })
})

describe('a file is refused', () => {
  const columnsBut = (...without: readonly string[]) =>
    COLUMNS.filter((column) => !without.includes(column)).join(',')

  test.each([
    ['without some columns', `${columnsBut('adm_1', 'best')}\n1\n`, /lacks .*adm_1, best/],
    ['with a column twice', `${HEADER},id\n`, /column id twice/],
    ['that is empty', '', /is empty/],
    ['with a quote that never ends', `${HEADER}\n${lineOf()}\n"1,2\n`, /[Qq]uote/],
    ['with a quote amid a cell', `${HEADER}\n${lineOf()}\n1"x,2\n`, /[Qq]uote .*line 3/],
  ])('%s', async (_what, text, why) => {
    const failure = await read(fileOf(text)).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(UsageError)
    expect((failure as Error).message).toMatch(why)
  })

  test('that is not there, or is a folder', async () => {
    for (const path of [join(folder, 'none.csv'), folder]) {
      await expect(read(path)).rejects.toThrow(/cannot be read: (?:ENOENT|EISDIR)/)
    }
  })

  test('with a row that has no end in sight', async () => {
    const long = 'x'.repeat(LIMITS.importRowCharactersMax + 1)
    const text = `${HEADER}\n${lineOf({ where_description: long })}\n`
    await expect(read(fileOf(text))).rejects.toThrow(UsageError)
  })
})
