/** Rows as aligned columns under a header. Cells are cut to `cellMax` characters. */
export const table = (
  header: readonly string[],
  rows: readonly (readonly string[])[],
  cellMax = 60,
): string => {
  const cut = (text: string): string =>
    text.length > cellMax ? `${text.slice(0, cellMax - 1)}…` : text
  const all = [header, ...rows].map((row) => row.map(cut))
  const widths = header.map((_, at) => Math.max(...all.map((row) => (row[at] ?? '').length)))
  return all
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
