/** A file of vectors: what it is about, then lists with one row a line, so that a diff shows rows. */
export const vectorText = (about: string, members: Readonly<Record<string, unknown>>): string => {
  const written = Object.entries({ about, ...members }).map(
    ([name, value]) =>
      `  ${JSON.stringify(name)}: ${Array.isArray(value) ? rows(value) : line(value)}`,
  )
  return `{\n${written.join(',\n')}\n}\n`
}

const rows = (list: readonly unknown[]): string =>
  `[\n${list.map((row) => `    ${line(row)}`).join(',\n')}\n  ]`

const line = (value: unknown): string => JSON.stringify(value)
