import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CAVEATS } from '#core/caveat.ts'
import { CLASSIFICATIONS } from '#core/classification.ts'
import { ALL_JURISDICTIONS } from '#core/jurisdiction.ts'
import { labelFrom, labelKey, type WrittenLabel } from '#core/label.ts'

const PLAIN: WrittenLabel = {
  classification: 'SECRET',
  jurisdictions: ['PK-KP'],
  releasableTo: null,
  caveats: [],
}

const labelOf = (written: Partial<WrittenLabel>) => {
  const label = labelFrom({ ...PLAIN, ...written })
  if (!label.ok) throw new Error(`refused: ${label.refusal.detail}`)
  return label.value
}

test('whatever is written, the label that it means can be written itself', () => {
  const codes = fc.subarray([...ALL_JURISDICTIONS, 'PK-BL', 'PK-TA'], { minLength: 1 })
  const agencies = fc.option(fc.subarray(['ctd-kp', 'fia', 'nacta'], { minLength: 1 }))
  const written = fc.record({
    classification: fc.constantFrom(...CLASSIFICATIONS),
    jurisdictions: codes.map((some) => some.toSorted()),
    releasableTo: agencies,
    caveats: fc.subarray(Object.keys(CAVEATS)),
  })
  let accepted = 0
  fc.assert(
    fc.property(written, (one) => {
      const label = labelFrom(one)
      if (!label.ok) return
      accepted += 1
      expect(labelFrom(label.value)).toEqual(label)
    }),
    { numRuns: 300 },
  )
  expect(accepted).toBeGreaterThan(50)
})

test('an alias and what it stands for make one label, with one key', () => {
  const aliased = labelOf({ jurisdictions: ['PK-PB', 'PK-TA'] })
  expect(aliased.jurisdictions).toEqual(['PK-KP', 'PK-PB'])
  expect(labelKey(aliased)).toBe(labelKey(labelOf({ jurisdictions: ['PK-KP', 'PK-PB'] })))
})

test('a list of more agencies than the limit is no label', () => {
  const agencies = Array.from({ length: 10_000 }, (_, index) => `a${10_000 + index}`)
  expect(labelOf({ releasableTo: agencies.slice(0, 1_000) }).releasableTo).toHaveLength(1_000)
  const refused = labelFrom({ ...PLAIN, releasableTo: agencies })
  expect(refused).toEqual({ ok: false, refusal: { code: 'label-invalid', detail: 'releasableTo' } })
})
