/** Direction controls, and characters that nobody sees: they can make a text look like another. */
const UNSEEN = /[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/gu

/** Any text as one plain line: without controls, white space folded, none at the ends. */
export const plainLine = (text: string): string =>
  text
    .replaceAll(UNSEEN, '')
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim()

/** At most `charactersMax` characters (code points); what is longer is cut at a word, with «…». */
export const cutAtWord = (text: string, charactersMax: number): string => {
  if (text.length <= charactersMax) return text
  const characters = [...text]
  if (characters.length <= charactersMax) return text
  const kept = characters.slice(0, charactersMax - 1).join('')
  const isWordEnd = characters[charactersMax - 1] === ' '
  const end = isWordEnd ? kept.length : kept.lastIndexOf(' ')
  return `${(end > 0 ? kept.slice(0, end) : kept).trimEnd()}…`
}

/** Whether it can be UTF-8 and was: a decoder puts U+FFFD where the bytes were none. */
export const isDecoded = (text: string): boolean => text.isWellFormed() && !text.includes('\ufffd')
