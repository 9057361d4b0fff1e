import { randomBytes } from '#adapters/crypto/random.ts'
import { type Command, EXIT } from '#clients/cli/command.ts'
import { alertFromDraft } from '#clients/cli/draft.ts'
import { flag, HUB_OPTIONS, identityFrom } from '#clients/cli/identity.ts'
import { readDraft } from '#clients/cli/read-draft.ts'
import { type LabelPreview, previewLabel } from '#clients/sdk/preview.ts'
import { uuidFromRandom } from '#core/uuid.ts'

export const previewCommand: Command = {
  name: 'preview',
  summary: 'Say whom a draft’s label would reach, and why not the others; publish nothing.',
  words: 'DRAFT',
  wordsMin: 1,
  wordsMax: 1,
  options: HUB_OPTIONS,
  examples: ['rabta preview docs/examples/draft.yaml --as ctd-kp/duty-officer'],
  run: async (given, io) => {
    const { session } = await identityFrom(given)
    const { label } = alertFromDraft(await readDraft(given), {
      origin: session.agency,
      realm: session.realm,
      id: uuidFromRandom(randomBytes(16)),
      sentAtMs: Date.now(),
    })
    const preview = await previewLabel(session, label)
    io.out(flag(given, 'json') ? `${JSON.stringify(preview, null, 2)}\n` : previewText(preview))
    return EXIT.ok
  },
}

/** «reaches …; not …, because …», an agency a line. */
const previewText = ({ reached, notReached }: LabelPreview): string =>
  [
    reached.length === 0 ? 'reaches nobody' : `reaches ${reached.join(', ')}`,
    ...notReached.map(({ agency, reasons }) => `not ${agency}, because ${reasons.join(', ')}`),
    '',
  ].join('\n')
