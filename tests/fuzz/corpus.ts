import { sha256 } from '#adapters/crypto/sha256.ts'
import { type AccessRecord, encodeAccessRecord } from '#core/access-record.ts'
import type { Alert } from '#core/alert.ts'
import { encodeAlert } from '#core/alert-codec.ts'
import { encodeDeadLetter } from '#core/dead-letter.ts'
import { ALERT_PAYLOAD_TYPE, signEnvelope } from '#core/envelope.ts'
import type { Stamp } from '#core/frame.ts'
import { encodeStamp } from '#core/frame.ts'
import { isUuid, type Uuid } from '#core/uuid.ts'
import { ed25519Signer } from '#tests/fuzz/fixed-keys.ts'
import { accessRecord } from '#tests/published-frame.ts'
import { agencyId, sampleAlert } from '#tests/sample-alert.ts'

/** What the hub takes, whole and right: all that is tried begins with these. Always the same. */

export const NOW_MS = Date.UTC(2026, 6, 15, 12)

export const uuid = (nth: number): Uuid => {
  const text = `0b0e6a4e-3f4b-4c1d-9a55-${nth.toString(16).padStart(12, '0')}`
  if (!isUuid(text)) throw new RangeError(text)
  return text
}

const digest = (nth: number): Uint8Array => sha256(Uint8Array.of(nth))

const alert = (nth: number, changes: Partial<Alert>): Alert =>
  sampleAlert({ id: uuid(nth), sentAtMs: NOW_MS, ...changes })

export const ALERTS: readonly Alert[] = [
  alert(1, {}),
  alert(2, {
    kind: 'THREAT_ALERT',
    precedence: 'FLASH',
    label: {
      classification: 'SECRET',
      jurisdictions: ['PK', 'PK-KP', 'PK-PB'],
      releasableTo: [agencyId('ctd-punjab'), agencyId('nacta')],
      caveats: ['EYES_ONLY', 'ORCON'],
    },
    occurred: { fromMs: -1_000, toMs: NOW_MS },
    expiresAtMs: NOW_MS + 86_400_000,
    texts: [
      { language: 'en', headline: 'Invented', narrative: 'First line.\nSecond line.' },
      { language: 'ur', headline: 'فرضی', narrative: 'یہ ایک فرضی مثال ہے۔' },
    ],
    indicators: [
      { type: 'PHONE', value: '+923001234567' },
      { type: 'CNIC', value: '0000000000000' },
      { type: 'VEHICLE', value: 'LEA-0000' },
    ],
    legalBasis: { provision: 'Invented Act 1, section 2', expiresAtMs: NOW_MS + 1 },
  }),
  alert(3, {
    kind: 'RECALL',
    areas: [],
    references: [
      { relation: 'RECALLS', origin: agencyId('ctd-kp'), id: uuid(1), digest: digest(1) },
      { relation: 'RELATED', origin: agencyId('nacta'), id: uuid(9), digest: digest(9) },
    ],
    caseReferences: [],
  }),
]

export const ALERT_SIGNER = ed25519Signer(1)
export const SECOND_SIGNER = ed25519Signer(2)

export const PAYLOADS: readonly Uint8Array[] = ALERTS.map(encodeAlert)

export const SIGNED_ALERTS: readonly Uint8Array[] = await Promise.all(
  PAYLOADS.flatMap((payload) => [
    signEnvelope(ALERT_PAYLOAD_TYPE, payload, [ALERT_SIGNER]),
    signEnvelope(ALERT_PAYLOAD_TYPE, payload, [ALERT_SIGNER, SECOND_SIGNER]),
  ]),
)

export const STAMPS: readonly Stamp[] = ALERTS.map(({ realm, origin, id }, nth) => ({
  realm,
  origin,
  id,
  digest: digest(nth),
  publishRecord: { index: 2 ** (nth * 20), leafHash: digest(nth + 100) },
  directorySequence: nth,
  acceptedAtMs: NOW_MS,
}))

const record = (changes: Partial<AccessRecord>): AccessRecord =>
  accessRecord({
    timeMs: NOW_MS,
    requestId: uuid(7),
    alert: { origin: agencyId('ctd-kp'), id: uuid(1), digest: digest(1) },
    salt: digest(2).slice(0, 16),
    ...changes,
  })

export const RECORDS: readonly Uint8Array[] = [
  record({}),
  record({
    action: 'READ',
    outcome: 'DENIED',
    reasons: ['outside-jurisdiction', 'clearance-too-low'],
    policyDigest: digest(3),
    directory: { sequence: 300, digest: digest(4) },
    purpose: { code: 'INVESTIGATION', caseReference: 'FIR-12/2026' },
  }),
  record({ action: 'SEARCH', service: 'AUDIT', alert: null, searchTerms: digest(5) }),
].map(encodeAccessRecord)

export const DEAD_LETTERS: readonly Uint8Array[] = STAMPS.map(({ realm, origin, id }, nth) =>
  encodeDeadLetter({
    realm,
    origin,
    id,
    digest: digest(nth),
    reason: 'signature-invalid',
    intakeOffset: nth,
    recordIndex: nth * 1_000,
  }),
)

export const STAMP_BYTES: readonly Uint8Array[] = STAMPS.map(encodeStamp)
