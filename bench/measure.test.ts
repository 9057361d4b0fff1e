import { expect, test } from 'vitest'
import { figuresOf, markdownOf, measureLoad, rowOf, tableOf } from '#bench/measure.ts'

const hundred = Array.from({ length: 100 }, (_, at) => 100 - at)
const round = { operations: 200, tookMs: 1_000, cpuMs: 50, latenciesMs: hundred }

test('a round gives operations for each second, CPU for each, and quantiles of the acts', () => {
  expect(figuresOf(round)).toEqual({
    ratePerS: 200,
    cpuMsPerOperation: 0.25,
    p50Ms: 51,
    p99Ms: 100,
  })
})

test('a row is the median of its rounds, so that one bad round does not show', () => {
  const bad = { operations: 1, tookMs: 9_000, cpuMs: 900, latenciesMs: [9_000] }
  expect(rowOf('twice', [round, bad, round], null)).toMatchObject(figuresOf(round))
})

test('a row says how it stands to its baseline', () => {
  const baseline = rowOf('bare', [{ ...round, operations: 400, cpuMs: 20 }], null)
  const { ratio } = rowOf('whole', [round], baseline)
  expect(ratio?.rate).toBe(0.5)
  expect(ratio?.cpu).toBeCloseTo(5)
})

test('load ends when nothing is left to do, and counts what was done', async () => {
  let left = 10
  const act = async (): Promise<number> => (left-- > 0 ? 3 : 0)
  const cpuMs = async (): Promise<number> => 0
  const measured = await measureLoad({ inFlight: 4, ms: 10_000, act, cpuMs })
  expect(measured).toMatchObject({ operations: 30 })
  expect(measured.latenciesMs).toHaveLength(10)
})

test('load ends with its time, however much is left', async () => {
  const act = () => new Promise<number>((resolve) => setTimeout(() => resolve(1), 1))
  const cpuMs = async (): Promise<number> => 0
  const { tookMs } = await measureLoad({ inFlight: 2, ms: 30, act, cpuMs })
  expect(tookMs).toBeGreaterThanOrEqual(29)
  expect(tookMs).toBeLessThan(5_000)
})

test('a check that failed stands out of the table', () => {
  const checks = [{ what: 'all is there', isGood: false, found: '1 instead of 2' }]
  const table = tableOf({ name: 'part', rows: [], checks, notes: [] })
  expect(table).toContain('NOT all is there: 1 instead of 2')
})

test('a table in Markdown has a line for each row, and says what failed', () => {
  const round = { operations: 10, tookMs: 1_000, cpuMs: 5, latenciesMs: [1, 2, 3] }
  const rows = [rowOf('this', [round], null), rowOf('that', [round], null)]
  const checks = [{ what: 'all is there', isGood: false, found: '1 instead of 2' }]
  const table = markdownOf('a machine', [{ name: 'part', rows, checks, notes: ['a note'] }])
  const lines = table.split('\n').filter((line) => line.startsWith('|'))
  expect(lines).toHaveLength(4)
  expect(lines[2]).toBe('| this | 10 | 0.5000 | 2.000 | 3.000 |  |  |')
  expect(new Set(lines.map((line) => line.split('|').length))).toEqual(new Set([9]))
  expect(table).toContain('NOT all is there: 1 instead of 2')
})
