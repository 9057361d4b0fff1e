import { randomBytes } from '#adapters/crypto/random.ts'
import { type AgencyId, isAgencyId } from '#core/agency.ts'
import type { Alert } from '#core/alert.ts'
import { uuidFromRandom } from '#core/uuid.ts'

export const agencyId = (text: string): AgencyId => {
  if (!isAgencyId(text)) throw new RangeError(text)
  return text
}

/** An invented alert of CTD KP to KP and federal readers; `changes` replace its parts. */
export const sampleAlert = (changes: Partial<Alert> = {}): Alert => ({
  realm: 'live',
  id: uuidFromRandom(randomBytes(16)),
  origin: agencyId('ctd-kp'),
  kind: 'INFORMATION_REPORT',
  precedence: 'PRIORITY',
  label: {
    classification: 'RESTRICTED',
    jurisdictions: ['PK', 'PK-KP'],
    releasableTo: null,
    caveats: [],
  },
  evaluation: { reliability: 'B', credibility: 2 },
  sentAtMs: Date.now(),
  occurred: null,
  expiresAtMs: null,
  texts: [{ language: 'en', headline: 'Exercise text, invented', narrative: 'Nothing happened.' }],
  areas: [
    {
      jurisdiction: 'PK-KP',
      district: 'Peshawar',
      point: { latitude: 34.01, longitude: 71.58 },
      radiusMetres: 500,
    },
  ],
  indicators: [],
  references: [],
  caseReferences: [{ scheme: 'FIR', value: '12/2026' }],
  legalBasis: null,
  ...changes,
})
