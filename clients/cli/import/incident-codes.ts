/**
 * What the numbers of UCDP's event dataset mean, as its codebook has it, and what they are worth
 * here. `doubt`: by how much the credibility of an alert falls.
 */

export const VIOLENCE_TYPES = {
  '1': 'State-based violence',
  '2': 'Violence between non-state groups',
  '3': 'One-sided violence against civilians',
} as const

export const CLARITIES = {
  '1': { doubt: 0, words: 'the event is clear in the reports' },
  '2': { doubt: 1, words: 'the event cannot be told apart from others with certainty' },
} as const

export const DATE_PRECISIONS = {
  '1': { doubt: 0, words: 'the day is known' },
  '2': { doubt: 0, words: 'known to within two to six days' },
  '3': { doubt: 0, words: 'known to the week' },
  '4': { doubt: 1, words: 'known to the month' },
  '5': { doubt: 1, words: 'known to within a year' },
} as const

interface PlacePrecision {
  readonly doubt: number
  readonly words: string
  /** How far from the point it may have been; null where the coordinates stand for no point. */
  readonly radiusMetres: number | null
  /** Whether the event was in the district, as far as it is known. */
  readonly isDistrictKnown: boolean
}

export const PLACE_PRECISIONS = {
  '1': { doubt: 0, words: 'the place is known', radiusMetres: 1_000, isDistrictKnown: true },
  '2': {
    doubt: 0,
    words: 'known to within about 25 km',
    radiusMetres: 25_000,
    isDistrictKnown: true,
  },
  '3': { doubt: 0, words: 'the district is known', radiusMetres: null, isDistrictKnown: true },
  '4': { doubt: 1, words: 'the province is known', radiusMetres: null, isDistrictKnown: false },
  '5': {
    doubt: 1,
    words: 'an area or a line is known, not a place',
    radiusMetres: null,
    isDistrictKnown: true,
  },
  '6': { doubt: 1, words: 'the country is known', radiusMetres: null, isDistrictKnown: false },
  '7': { doubt: 1, words: 'over water or in the air', radiusMetres: null, isDistrictKnown: false },
} as const satisfies Record<string, PlacePrecision>
