import { incidentAlert } from '#clients/cli/import/incident-alert.ts'
import { readIncidents } from '#clients/cli/import/read-incidents.ts'
import { Tally } from '#clients/cli/import/tally.ts'
import type { AgencyId } from '#core/agency.ts'
import type { Alert } from '#core/alert.ts'
import type { Sha256 } from '#core/hash.ts'
import type { Realm } from '#core/realm.ts'

export interface SurveyOptions {
  readonly file: string
  /** Rows; null: all. */
  readonly limit: number | null
  readonly realm: Realm
  readonly sha256: Sha256
  /** What the alerts say, when they are looked at and not sent. */
  readonly sentAtMs: number
}

/** What is in a file, before anything of it is sent. */
export interface Survey {
  readonly rows: number
  readonly alerts: number
  /** Whose alerts the rows are. */
  readonly origins: ReadonlyMap<AgencyId, number>
  readonly classifications: ReadonlyMap<string, number>
  readonly evaluations: ReadonlyMap<string, number>
  /** Of the rows that no alert can be made of. */
  readonly problems: Tally
  readonly first: readonly Alert[]
}

const FIRST_SHOWN = 3

/** Reads the whole file, so that a damaged one is refused before its first half is published. */
export const surveyFile = async (options: SurveyOptions): Promise<Survey> => {
  const origins = new Map<AgencyId, number>()
  const classifications = new Map<string, number>()
  const evaluations = new Map<string, number>()
  const problems = new Tally()
  const first: Alert[] = []
  let rows = 0
  for await (const read of readIncidents(options.file, options.limit ?? undefined)) {
    rows += 1
    if (!read.ok) {
      problems.report(read.line, read.problem)
      continue
    }
    const alert = incidentAlert(read.row, options)
    const { reliability, credibility } = alert.evaluation
    add(origins, alert.origin)
    add(classifications, alert.label.classification)
    add(evaluations, `${reliability}${credibility}`)
    if (first.length < FIRST_SHOWN) first.push(alert)
  }
  const alerts = rows - problems.rows
  return { rows, alerts, origins, classifications, evaluations, problems, first }
}

const add = <K>(counts: Map<K, number>, key: K): void => {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
