import { alertVectors } from '#tools/vectors/alerts.ts'
import { directoryVectors, writeDirectory } from '#tools/vectors/directory.ts'
import { envelopeVectors } from '#tools/vectors/envelopes.ts'
import { frameVectors } from '#tools/vectors/frames.ts'
import { labelVectors } from '#tools/vectors/labels.ts'
import { recordVectors } from '#tools/vectors/records.ts'

/** The files of schemas/vectors/ by name. The same texts each time: nothing in them is by chance. */
export const vectorFiles = async (): Promise<Readonly<Record<string, string>>> => ({
  'alerts.json': alertVectors(),
  'envelopes.json': await envelopeVectors(),
  'frames.json': await frameVectors(),
  'labels.json': labelVectors(),
  'records.json': recordVectors(),
  'directory.json': await directoryVectors(await writeDirectory()),
})
