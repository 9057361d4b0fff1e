/** Bidirectional controls (Unicode UAX #9) can make a text read as another. */
const BIDIRECTIONAL = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u
const CONTROLS = /[\p{Cc}\u2028\u2029]/u

/** A text of one line without controls. */
export const isPlainLine = (text: string): boolean =>
  !CONTROLS.test(text) && !BIDIRECTIONAL.test(text)

/** As `isPlainLine`, with line feeds and tabs. */
export const isPlainText = (text: string): boolean => isPlainLine(text.replaceAll(/[\n\t]/g, ''))

/**
 * Whether `text` has at most `charactersMax` characters: Unicode code points, as other languages
 * count them, and not UTF-16's code units.
 */
export const isWithin = (text: string, charactersMax: number): boolean => {
  if (text.length <= charactersMax) return true
  return text.length <= 2 * charactersMax && [...text].length <= charactersMax
}
