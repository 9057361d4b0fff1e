import { existsSync, readFileSync } from 'node:fs'

/** The cells of each row of the tables in a page's section, without heads and rules. */
export const rowsOf = (page: string, heading: string): readonly (readonly string[])[] => {
  const from = `\n${page}`.indexOf(`\n${heading}\n`)
  if (from < 0) throw new RangeError(`there is no «${heading}»`)
  const level = heading.split(' ')[0] ?? ''
  const rest = page.slice(from + heading.length + 1)
  const section = rest.slice(0, endOf(rest, level))
  return section.split('\n').flatMap((line, at, lines) => {
    const isHead = /^\|(?:-+\|)+$/.test(lines[at + 1] ?? '')
    const isRow = line.startsWith('| ') && !isHead
    return isRow
      ? [
          line
            .slice(1, -1)
            .split('|')
            .map((cell) => cell.trim()),
        ]
      : []
  })
}

const endOf = (text: string, level: string): number => {
  const end = text.search(new RegExp(`^#{1,${level.length}} `, 'm'))
  return end < 0 ? text.length : end
}

/** Paths of the repository that a text names in backticks. */
export const pathsIn = (text: string): readonly string[] =>
  [
    ...text.matchAll(
      /`([\w.-]+(?:\/[\w.<>*-]+)*\/(?:[\w-]+\.)+(?:ts|py|lua|sh|md|json|toml|cedar))`/g,
    ),
  ]
    .map((match) => match[1] ?? '')
    .filter((path) => !/[<>*]/.test(path))

/** Tests that a text names: `path` «title», «another of the same file»; what is not there. */
export const missingIn = (text: string): readonly string[] => {
  const missing: string[] = []
  let path = ''
  for (const [, named, title] of text.matchAll(/`([^`]+)`|«([^»]+)»/g)) {
    if (named !== undefined) {
      path = named
      if (pathsIn(`\`${named}\``).length > 0 && !existsSync(named)) missing.push(named)
    } else if (title !== undefined && !isTitleIn(path, title)) {
      missing.push(`${path} «${title}»`)
    }
  }
  return missing
}

/** A title, or a row of one, begins where a text of the program begins. */
const isTitleIn = (path: string, title: string): boolean => {
  const program = existsSync(path) ? readFileSync(path, 'utf8') : ''
  return ["'", '"', '`'].some((quote) => program.includes(quote + title))
}
