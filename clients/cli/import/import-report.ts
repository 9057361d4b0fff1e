import type { Survey } from '#clients/cli/import/survey.ts'
import { type Tally, totalOf } from '#clients/cli/import/tally.ts'
import { table } from '#clients/cli/table.ts'
import { alertToJson } from '#core/alert-json.ts'
import type { Realm } from '#core/realm.ts'

export interface ImportResult {
  readonly file: string
  readonly realm: Realm
  readonly tally: Tally
  /** Rows that the run did not come to. */
  readonly notTried: number
  /** It ended before the file did. */
  readonly isStopped: boolean
  readonly elapsedMs: number
}

export const importJson = (result: ImportResult): string => {
  const { file, realm, tally, notTried, isStopped, elapsedMs } = result
  const { published, alreadyThere, noted } = tally
  return lines(
    JSON.stringify(
      {
        file,
        realm,
        rows: tally.rows + notTried,
        published,
        alreadyThere,
        reported: Object.fromEntries(tally.reported),
        refused: Object.fromEntries(tally.refused),
        failed: Object.fromEntries(tally.failed),
        notTried,
        isStopped,
        elapsedMs: Math.round(elapsedMs),
        noted,
      },
      null,
      2,
    ),
  )
}

export const importText = (result: ImportResult): string => {
  const { file, tally, notTried, isStopped, elapsedMs } = result
  const seconds = elapsedMs / 1_000
  const rate = Math.round(tally.rows / seconds).toLocaleString('en')
  return lines(
    table(
      ['rows', '', 'why'],
      [
        row('published', tally.published),
        row('already there', tally.alreadyThere),
        counted('reported', tally.reported),
        counted('refused', tally.refused),
        counted('failed', tally.failed),
        row('not tried', notTried),
      ],
    ),
    '',
    ...notedLines(tally),
    `${tally.rows.toLocaleString('en')} rows in ${seconds.toFixed(1)} s: ${rate} a second`,
    ...(isStopped || tally.failed.size > 0
      ? [`Not finished. «rabta import ${file}» again goes on: what is there is left alone.`]
      : []),
  )
}

export const surveyJson = (survey: Survey): string => {
  const { rows, alerts, problems, first } = survey
  return lines(
    JSON.stringify(
      {
        rows,
        alerts,
        origins: Object.fromEntries(survey.origins),
        classifications: Object.fromEntries(survey.classifications),
        evaluations: Object.fromEntries(survey.evaluations),
        reported: Object.fromEntries(problems.reported),
        noted: problems.noted,
        first: first.map(alertToJson),
      },
      null,
      2,
    ),
  )
}

export const surveyText = (survey: Survey): string => {
  const { rows, alerts, origins, classifications, evaluations, problems, first } = survey
  return lines(
    `${rows.toLocaleString('en')} rows, ${alerts.toLocaleString('en')} alerts; nothing was sent`,
    '',
    countsTable('origin', origins),
    '',
    countsTable('classification', classifications),
    '',
    countsTable('evaluation', evaluations),
    '',
    ...(problems.rows === 0 ? [] : [countsTable('reported', problems.reported), '']),
    ...notedLines(problems),
    `The first ${first.length}:`,
    ...first.map((alert) => JSON.stringify(alertToJson(alert), null, 2)),
  )
}

const countsTable = (name: string, counts: ReadonlyMap<string, number>): string =>
  table(
    [name, 'rows'],
    [...counts].sort().map(([key, count]) => [key, count.toLocaleString('en')]),
  )

const row = (what: string, count: number, why = ''): readonly string[] => [
  what,
  count.toLocaleString('en').padStart(9),
  why,
]

const counted = (what: string, counts: ReadonlyMap<string, number>): readonly string[] =>
  row(what, totalOf(counts), [...counts].map(([why, count]) => `${why} ${count}`).join(', '))

/** Where to look, and at no more than a screen of it. */
const notedLines = ({ noted, reported, refused, failed }: Tally): readonly string[] => {
  if (noted.length === 0) return []
  const rest = [reported, refused, failed].map(totalOf).reduce((a, b) => a + b) - noted.length
  const shown = noted.map(({ line, what, why, column }) => {
    const where = column === null ? '' : ` (${column})`
    return `  line ${line}: ${what}, ${why}${where}`
  })
  return [...shown, ...(rest > 0 ? [`  and ${rest} more`] : []), '']
}

const lines = (...all: readonly string[]): string => `${all.join('\n')}\n`
