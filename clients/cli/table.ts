/** Rows as aligned columns under a header. Cells are cut to `cellMax` characters. A cell of a
 * right-to-left script is isolated: it would turn round what stands beside it. */
export const table = (
  header: readonly string[],
  rows: readonly (readonly string[])[],
  cellMax = 60,
): string => {
  const all = [header, ...rows].map((row) => row.map((text) => cellFrom(text, cellMax)))
  const widths = header.map((_, at) => Math.max(...all.map((row) => row[at]?.width ?? 0)))
  return all
    .map((row) =>
      row
        .map(({ text, width }, at) => text + ' '.repeat(Math.max(0, (widths[at] ?? 0) - width)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

interface Cell {
  readonly text: string
  /** In columns of a terminal. */
  readonly width: number
}

const [FIRST_STRONG_ISOLATE, POP_ISOLATE] = ['\u2068', '\u2069']
const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}]/u
/** What a terminal would obey, and what would end the isolation. */
const CONTROLS = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

const cellFrom = (given: string, cellMax: number): Cell => {
  const letters = [...new Intl.Segmenter().segment(given.replaceAll(CONTROLS, ' '))]
  const isCut = letters.length > cellMax
  const kept = letters.slice(0, isCut ? cellMax - 1 : cellMax).map(({ segment }) => segment)
  const text = `${kept.join('')}${isCut ? '…' : ''}`
  const isolated = `${FIRST_STRONG_ISOLATE}${text}${POP_ISOLATE}`
  const width = kept.length + (isCut ? 1 : 0)
  return { text: RIGHT_TO_LEFT.test(text) ? isolated : text, width }
}
