import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DecisionRow, decisionRowsFrom } from '#core/decision-rows.ts'

/** Those of `schemas/vectors/decisions.json`. */
export const decisionRows = (): readonly DecisionRow[] =>
  decisionRowsFrom(
    readFileSync(join(import.meta.dirname, '../schemas/vectors/decisions.json'), 'utf8'),
  )
