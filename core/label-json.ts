import { type Label, labelFrom } from '#core/label.ts'
import { type Result, refuse } from '#core/refusal.ts'

const FIELDS = ['classification', 'jurisdictions', 'releasableTo', 'caveats'] as const

/**
 * A label from JSON, as strict as from the bytes of an alert: every part must be there, none else,
 * and lists sorted. A part left out must never mean a wider label.
 */
export const labelFromJson = (value: unknown): Result<Label> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse('label-invalid', 'label')
  }
  const part = (name: (typeof FIELDS)[number]): unknown =>
    Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined
  const classification = part('classification')
  const jurisdictions = part('jurisdictions')
  const releasableTo = part('releasableTo')
  const caveats = part('caveats')
  if (typeof classification !== 'string') return refuse('label-invalid', 'classification')
  if (!isTexts(jurisdictions)) return refuse('label-invalid', 'jurisdictions')
  if (releasableTo !== null && !isTexts(releasableTo))
    return refuse('label-invalid', 'releasableTo')
  if (!isTexts(caveats)) return refuse('label-invalid', 'caveats')
  if (Object.keys(value).length > FIELDS.length) return refuse('label-invalid', 'another part')
  return labelFrom({ classification, jurisdictions, releasableTo, caveats })
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string')
