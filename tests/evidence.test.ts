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

test('evidence that is not there is noticed', () => {
  const shown = '`tests/docs.test.ts` «the links of %s lead somewhere», «a title of none»; `a/b.ts`'
  expect(missingIn(shown)).toEqual(['tests/docs.test.ts «a title of none»', 'a/b.ts'])
})
