import { hex } from '#core/bytes.ts'
import { bytesFor } from '#tools/vectors/keys.ts'
import type { AlertJson } from '#tools/vectors/written-alert.ts'

/** 2026-09-14T06:30:00Z. */
export const SENT_AT_MS = 1_789_367_400_000
export const HOUR_MS = 3_600_000

export const ID = '0190b3a2-7c1e-7def-8abc-0123456789ab'
export const OTHER_ID = '0190b3a2-7c1e-7def-8abc-0123456789ac'
export const OTHER_DIGEST = hex(bytesFor('another alert'))

/** Every optional part is there; all other alerts are told by what differs from this one. */
export const BASE: AlertJson = {
  realm: 'live',
  id: ID,
  origin: 'ctd-kp',
  kind: 'THREAT_ALERT',
  precedence: 'PRIORITY',
  label: {
    classification: 'CONFIDENTIAL',
    jurisdictions: ['PK-KP', 'PK-PB'],
    releasableTo: ['ctd-kp', 'ctd-punjab'],
    caveats: ['ORCON'],
  },
  evaluation: { reliability: 'B', credibility: 2 },
  sentAtMs: SENT_AT_MS,
  occurred: { fromMs: SENT_AT_MS - HOUR_MS, toMs: SENT_AT_MS },
  expiresAtMs: SENT_AT_MS + 24 * HOUR_MS,
  texts: [{ language: 'en', headline: 'Test alert', narrative: 'Nothing happened.' }],
  areas: [
    {
      jurisdiction: 'PK-KP',
      district: 'Peshawar',
      point: { latitude: 34.0151, longitude: 71.5249 },
      radiusMetres: 500,
    },
  ],
  indicators: [{ type: 'PHONE', value: '+920000000001' }],
  references: [{ relation: 'RELATED', origin: 'nacta', id: OTHER_ID, digest: OTHER_DIGEST }],
  caseReferences: [{ scheme: 'FIR', value: 'TEST-1/2026' }],
  legalBasis: { provision: 'Test Act 2026, section 1', expiresAtMs: null },
}

/** No optional part is there. */
export const BARE: AlertJson = {
  ...BASE,
  kind: 'INFORMATION_REPORT',
  precedence: 'ROUTINE',
  label: {
    classification: 'UNCLASSIFIED',
    jurisdictions: ['PK-KP'],
    releasableTo: null,
    caveats: [],
  },
  occurred: null,
  expiresAtMs: null,
  areas: [],
  indicators: [],
  references: [],
  caseReferences: [],
  legalBasis: null,
}
