/** Where in a draft, both from 1. */
export interface Place {
  readonly line: number
  readonly column: number
}

export interface DraftFault {
  /** Null where the draft says nothing of it. */
  readonly place: Place | null
  /** `label.classification`; empty for the draft itself. */
  readonly path: string
  readonly why: string
}

/** A draft that is no alert: says all that is wrong with it, and where. */
export class DraftInvalid extends Error {
  override readonly name = 'DraftInvalid'
  readonly faults: readonly DraftFault[]

  constructor(faults: readonly DraftFault[]) {
    const inOrder = faults.toSorted((a, b) => lineOf(a) - lineOf(b))
    const shown = inOrder.slice(0, FAULTS_SHOWN_MAX).map((fault) => `  ${textOf(fault)}`)
    const more = faults.length - shown.length
    const rest = more > 0 ? [`  and ${more} more`] : []
    super(['the draft is no alert', ...shown, ...rest].join('\n'))
    this.faults = inOrder
  }
}

const lineOf = ({ place }: DraftFault): number => place?.line ?? 0

const FAULTS_SHOWN_MAX = 20

const textOf = ({ place, path, why }: DraftFault): string => {
  const where = place === null ? [] : [`line ${place.line}, column ${place.column}`]
  return [...where, ...(path === '' ? [] : [path]), why].join(': ')
}
