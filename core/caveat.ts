/** What each caveat asks of a reader; the other caveats bind later acts. Sorted by name. */
export const CAVEATS = {
  EYES_ONLY: { reader: 'person' },
  JUVENILE: { reader: 'holder' },
  NOT_FOR_COURT: { reader: 'anyone' },
  NO_ONWARD: { reader: 'anyone' },
  ORCON: { reader: 'anyone' },
  PROTECTED_PERSON: { reader: 'holder' },
} as const
export type Caveat = keyof typeof CAVEATS
export const isCaveat = (name: string): name is Caveat => Object.hasOwn(CAVEATS, name)

/** Caveats that only principals who hold them may read or publish under. */
export type AccessCaveat = {
  [C in Caveat]: (typeof CAVEATS)[C]['reader'] extends 'holder' ? C : never
}[Caveat]
export const isAccessCaveat = (name: string): name is AccessCaveat =>
  isCaveat(name) && CAVEATS[name].reader === 'holder'
