/** Writes the table of settings in docs/operations.md from core/settings.ts. */
import { readFileSync, writeFileSync } from 'node:fs'
import type { Setting } from '#core/setting.ts'
import { isSettingName, otherwiseOf, SETTINGS } from '#core/settings.ts'

const PAGE = new URL('../docs/operations.md', import.meta.url)
const BEGIN = '<!-- made by «npm run settings» from core/settings.ts -->\n'
const END = '<!-- end of settings -->\n'

/** A page with the table of settings as it should be. Throws if it has no place for it. */
export const withSettings = (page: string): string => {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (begin < 0 || end < begin) throw new Error(`${BEGIN} or ${END} is missing`)
  return page.slice(0, begin + BEGIN.length) + settingsTable() + page.slice(end)
}

const settingsTable = (): string => {
  const rows = Object.entries<Setting<unknown>>(SETTINGS).map(
    ([name, { means, readers, limits }]) =>
      `| \`${name}\` | ${readers.join(', ')} | ${means} | ${limits} | ${otherwiseText(name)} |\n`,
  )
  return `| setting | read by | means | must be | default |\n|---|---|---|---|---|\n${rows.join('')}`
}

const otherwiseText = (name: string): string => {
  if (!isSettingName(name)) throw new RangeError(name)
  const { readers }: Setting<unknown> = SETTINGS[name]
  const texts = readers.map((reader) => textOf(otherwiseOf(name, reader)))
  if (new Set(texts).size === 1) return texts[0] ?? ''
  return texts.map((text, at) => `${readers[at]}: ${text}`).join(', ')
}

const textOf = (otherwise: string | null): string =>
  otherwise === null ? 'must be set' : otherwise === '' ? 'none' : `\`${otherwise}\``

if (import.meta.main) writeFileSync(PAGE, withSettings(readFileSync(PAGE, 'utf8')))
