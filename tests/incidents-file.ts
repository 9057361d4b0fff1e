import { existsSync } from 'node:fs'

export const SAMPLE_FILE = 'tests/fixtures/incidents-sample.csv'

/** Where real events may lie beside the clone; they are no part of the project. */
const REAL_FILE = '../shared/data/incidents.csv'

/** `RABTA_INCIDENTS`, or the real events if they are there, or the invented ones. */
export const incidentsFile = (): string =>
  process.env['RABTA_INCIDENTS'] ?? (existsSync(REAL_FILE) ? REAL_FILE : SAMPLE_FILE)
