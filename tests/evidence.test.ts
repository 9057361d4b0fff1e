import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { missingIn, pathsIn, rowsOf } from '#tests/evidence.ts'

describe('docs/threat-model.md', () => {
  const page = readFileSync('docs/threat-model.md', 'utf8')
  const attacks = rowsOf(page, '## Attacks and answers')

  test('has for each attack an answer, the code of it, and a test or why there is none', () => {
    expect(attacks.length).toBeGreaterThan(50)
    for (const [attack = '', answer = '', code = '', shown = '', ...more] of attacks) {
      expect(
        [attack, answer].every((cell) => cell.length > 5),
        attack,
      ).toBe(true)
      expect(pathsIn(code).length, attack).toBeGreaterThan(0)
      expect(shown, attack).toMatch(/^(?:none: .{10,}|`[^`]+\.test\.ts` «[^»]+».*)$/)
      expect(more, attack).toEqual([])
    }
  })

  test.each(attacks.map(([attack = '', , , shown = '']) => ({ attack, shown })))(
    'names tests that are there: $attack',
    ({ shown }) => {
      expect(missingIn(shown)).toEqual([])
    },
  )

  test('names files that are there', () => {
    expect(pathsIn(page).filter((path) => !existsSync(path))).toEqual([])
  })
})

describe('docs/asvs.md', () => {
  const page = readFileSync('docs/asvs.md', 'utf8')
  const rows = rowsOf(page, '# OWASP ASVS 5.0, levels 1 and 2')
    .filter(([id = '']) => /^V\d/.test(id))
    .map(([id = '', level = '', asks = '', answer = '']) => ({ id, level, asks, answer }))

  test('has each requirement of levels 1 and 2 once', () => {
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length)
    const bySection = Object.groupBy(rows, ({ id }) => id.replace(/\.\d+$/, ''))
    const counts = Object.entries(bySection).map(([section, all = []]) => [section, all.length])
    expect(Object.fromEntries(counts)).toEqual(REQUIREMENTS)
    expect(rows.filter(({ level }) => level === '1')).toHaveLength(70)
    expect(rows.filter(({ level }) => level === '2')).toHaveLength(183)
  })

  test.each(rows)('$id is answered by what is there', ({ asks, answer }) => {
    expect(asks.length).toBeGreaterThan(2)
    expect(answer).toMatch(/^(?:met\b|not applicable, because .{8,}|NOT met\b.{10,})/)
    expect(missingIn(answer)).toEqual([])
  })

  test('says how many are met', () => {
    const count = (word: string) => rows.filter(({ answer }) => answer.startsWith(word)).length
    const [met, none, not] = [count('met'), count('not applicable'), count('NOT met')]
    const said = /^\d+ requirements: .*$/m.exec(page)?.[0]
    const counted = `${met} met, ${none} not applicable, ${not} NOT met.`
    expect(said).toBe(`${rows.length} requirements: ${counted}`)
  })
})

/** How many of level 1 and 2 each section of the standard has. */
const REQUIREMENTS: Readonly<Record<string, number>> = {
  ...{ 'V1.1': 2, 'V1.2': 9, 'V1.3': 11, 'V1.4': 3, 'V1.5': 2 },
  ...{ 'V2.1': 3, 'V2.2': 3, 'V2.3': 4, 'V2.4': 1 },
  ...{ 'V3.2': 2, 'V3.3': 4, 'V3.4': 6, 'V3.5': 5, 'V3.7': 2 },
  ...{ 'V4.1': 3, 'V4.2': 1, 'V4.3': 2, 'V4.4': 4 },
  ...{ 'V5.1': 1, 'V5.2': 3, 'V5.3': 2, 'V5.4': 3 },
  ...{ 'V6.1': 3, 'V6.2': 12, 'V6.3': 4, 'V6.4': 4, 'V6.5': 5, 'V6.6': 3, 'V6.8': 4 },
  ...{ 'V7.1': 3, 'V7.2': 4, 'V7.3': 2, 'V7.4': 5, 'V7.5': 2, 'V7.6': 2 },
  ...{ 'V8.1': 2, 'V8.2': 3, 'V8.3': 1, 'V8.4': 1 },
  ...{ 'V9.1': 3, 'V9.2': 4 },
  ...{ 'V10.1': 2, 'V10.2': 2, 'V10.3': 4, 'V10.4': 11, 'V10.5': 5, 'V10.6': 2, 'V10.7': 3 },
  ...{ 'V11.1': 2, 'V11.2': 3, 'V11.3': 3, 'V11.4': 4, 'V11.5': 1, 'V11.6': 1 },
  ...{ 'V12.1': 3, 'V12.2': 2, 'V12.3': 4 },
  ...{ 'V13.1': 1, 'V13.2': 5, 'V13.3': 2, 'V13.4': 5 },
  ...{ 'V14.1': 2, 'V14.2': 4, 'V14.3': 3 },
  ...{ 'V15.1': 3, 'V15.2': 3, 'V15.3': 7 },
  ...{ 'V16.1': 1, 'V16.2': 5, 'V16.3': 4, 'V16.4': 3, 'V16.5': 3 },
  ...{ 'V17.1': 1, 'V17.2': 4, 'V17.3': 2 },
}

test('evidence that is not there is noticed', () => {
  const shown = '`tests/docs.test.ts` «the links of %s lead somewhere», «a title of none»; `a/b.ts`'
  expect(missingIn(shown)).toEqual(['tests/docs.test.ts «a title of none»', 'a/b.ts'])
})
