import { type AgencyId, isAgencyId } from '#core/agency.ts'
import { type Caveat, isCaveat } from '#core/caveat.ts'
import { type Classification, isClassification } from '#core/classification.ts'
import { type Jurisdiction, jurisdictionFrom } from '#core/jurisdiction.ts'
import { LIMITS } from '#core/limits.ts'
import { accept, type Result, refuse } from '#core/refusal.ts'

/** The access rule of an alert: nothing else says who may read it. */
export interface Label {
  readonly classification: Classification
  /** At least one. */
  readonly jurisdictions: readonly Jurisdiction[]
  /** Null, or at least one agency; it only narrows. */
  readonly releasableTo: readonly AgencyId[] | null
  readonly caveats: readonly Caveat[]
}

export interface WrittenLabel {
  readonly classification: string
  readonly jurisdictions: readonly string[]
  readonly releasableTo: readonly string[] | null
  readonly caveats: readonly string[]
}

/**
 * The label that was written, or which part of it is none. Lists must be sorted by their bytes and
 * without doubles; the label's own lists are so too, also where an alias stands elsewhere.
 */
export const labelFrom = (written: WrittenLabel): Result<Label> => {
  const { classification, caveats } = written
  if (!isClassification(classification)) return refuse('label-invalid', 'classification')
  const jurisdictions = setFrom(written.jurisdictions, jurisdictionFrom)
  if (jurisdictions === null || jurisdictions.length === 0) {
    return refuse('label-invalid', 'jurisdictions')
  }
  const releasableTo =
    written.releasableTo === null
      ? null
      : setFrom(written.releasableTo, (agency) => (isAgencyId(agency) ? agency : null))
  if (written.releasableTo !== null && (releasableTo === null || releasableTo.length === 0)) {
    return refuse('label-invalid', 'releasableTo')
  }
  const known = setFrom(caveats, (caveat) => (isCaveat(caveat) ? caveat : null))
  if (known === null) return refuse('label-invalid', 'caveats')
  return accept({ classification, jurisdictions, releasableTo, caveats: known })
}

/** One text for each label: the same text, the same readers. */
export const labelKey = (label: Label): string =>
  JSON.stringify([label.classification, label.jurisdictions, label.releasableTo, label.caveats])

/** Null when a value is unknown, out of order, or said twice (also by an alias). */
const setFrom = <T extends string>(
  written: readonly string[],
  parse: (text: string) => T | null,
): readonly T[] | null => {
  if (written.length > LIMITS.listItemsMax) return null
  const values = new Set<T>()
  for (const [index, text] of written.entries()) {
    const value = parse(text)
    const before = written[index - 1]
    if (value === null || values.has(value)) return null
    if (before !== undefined && !(before < text)) return null
    values.add(value)
  }
  // PK-TA is written behind PK-PB, and means PK-KP, which stands before it.
  return [...values].sort()
}
