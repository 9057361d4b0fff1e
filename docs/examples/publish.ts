// A publisher signs an alert with its agency's key and publishes it: node docs/examples/publish.ts
import { randomBytes } from '#adapters/crypto/random.ts'
import { openSigner } from '#adapters/crypto/signer.ts'
import { readKeyFile } from '#adapters/files/key-file.ts'
import { publish } from '#clients/sdk/publish.ts'
import { signAlert } from '#clients/sdk/sign-alert.ts'
import { uuidFromRandom } from '#core/uuid.ts'
import { ownKeys, print, session } from '#examples/open-session.ts'

const alert = {
  realm: session.realm,
  id: uuidFromRandom(randomBytes(16)),
  origin: session.agency,
  kind: 'INFORMATION_REPORT',
  precedence: 'PRIORITY',
  label: {
    classification: 'RESTRICTED',
    jurisdictions: ['PK', 'PK-KP'], // sorted, as all sets in an alert
    releasableTo: null,
    caveats: [],
  },
  evaluation: { reliability: 'B', credibility: 2 },
  sentAtMs: Date.now(),
  texts: [{ language: 'en', headline: 'Invented: an example', narrative: 'It never happened.' }],
  ...{ occurred: null, expiresAtMs: null, areas: [], indicators: [], references: [] },
  ...{ caseReferences: [], legalBasis: null },
} as const
const signed = await signAlert(alert, [openSigner(await readKeyFile(ownKeys.alertKey))])
const { origin, id, record } = await publish(session, signed) // after any error: the same bytes again
print(`${origin}/${id} is leaf ${record.index} of the access log`)
