/** ISO 3166-2 codes in table order, and `PK` for federal bodies. No hierarchy: `PK` is no wildcard. */
export const JURISDICTIONS = {
  PK: 'Federal',
  'PK-BA': 'Balochistan',
  'PK-GB': 'Gilgit-Baltistan',
  'PK-IS': 'Islamabad Capital Territory',
  'PK-JK': 'Azad Jammu and Kashmir',
  'PK-KP': 'Khyber Pakhtunkhwa',
  'PK-PB': 'Punjab',
  'PK-SD': 'Sindh',
} as const
export type Jurisdiction = keyof typeof JURISDICTIONS

/** Codes that were withdrawn: read, never written. */
const ALIASES = { 'PK-TA': 'PK-KP', 'PK-BL': 'PK-BA' } as const

export const isJurisdiction = (code: string): code is Jurisdiction =>
  Object.hasOwn(JURISDICTIONS, code)

export const ALL_JURISDICTIONS: readonly Jurisdiction[] =
  Object.keys(JURISDICTIONS).filter(isJurisdiction)

/** The jurisdiction that `code` means, or null when it is unknown. */
export const jurisdictionFrom = (code: string): Jurisdiction | null => {
  if (isJurisdiction(code)) return code
  return Object.hasOwn(ALIASES, code) ? ALIASES[code as keyof typeof ALIASES] : null
}
