import { alertVectors } from './alerts.ts'
import { directoryVectors, writeDirectory } from './directory.ts'
import { envelopeVectors } from './envelopes.ts'
import { frameVectors } from './frames.ts'
import { labelVectors } from './labels.ts'
import { recordVectors } from './records.ts'

/** The files of schemas/vectors/ by name. The same texts each time: nothing in them is by chance. */
export const vectorFiles = async (): Promise<Readonly<Record<string, string>>> => ({
  'alerts.json': alertVectors(),
  'envelopes.json': await envelopeVectors(),
  'frames.json': await frameVectors(),
  'labels.json': labelVectors(),
  'records.json': recordVectors(),
  'directory.json': await directoryVectors(await writeDirectory()),
})
