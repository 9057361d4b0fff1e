import { describe, expect, test } from 'vitest'
import { labelFrom, type WrittenLabel } from '#core/label.ts'
import { readVectors } from '#tests/schema-vectors/read.ts'

interface LabelVectors {
  readonly accepted: readonly {
    readonly why: string
    readonly written: WrittenLabel
    readonly means: WrittenLabel
  }[]
  readonly refused: readonly {
    readonly why: string
    readonly written: WrittenLabel
    readonly part: string
  }[]
}

const { accepted, refused } = readVectors<LabelVectors>('labels.json')

describe('a label', () => {
  test.each(accepted)('$why', ({ written, means }) => {
    expect(labelFrom(written)).toEqual({ ok: true, value: means })
    expect(labelFrom(means)).toEqual({ ok: true, value: means })
  })
})

describe('no label', () => {
  test.each(refused)('$part: $why', ({ written, part }) => {
    const refusal = { code: 'label-invalid', detail: part }
    expect(labelFrom(written)).toEqual({ ok: false, refusal })
  })
})
