import { concatBytes } from '#core/bytes.ts'
import { HOUR_MS, OTHER_DIGEST, OTHER_ID, SENT_AT_MS } from '#tools/vectors/base-alert.ts'
import {
  array,
  double,
  long,
  NONE,
  singleObject,
  some,
  text,
  unhex,
} from '#tools/vectors/raw-avro.ts'
import { uuid } from '#tools/vectors/written-alert.ts'

/** CRC-64-AVRO of the canonical form of rabta.v1.Alert. */
export const ALERT_FINGERPRINT = '90d41b522b6664ea'

/** The base alert, field by field, encoded by hand. */
const PARTS = {
  realm: long(0),
  id: uuid('0190b3a2-7c1e-7def-8abc-0123456789ab'),
  origin: text('ctd-kp'),
  kind: long(0),
  precedence: long(1),
  classification: long(2),
  jurisdictions: array(text('PK-KP'), text('PK-PB')),
  releasableTo: some(array(text('ctd-kp'), text('ctd-punjab'))),
  caveats: array(long(4)),
  reliability: long(1),
  credibility: long(2),
  sentAtMs: long(SENT_AT_MS),
  occurred: some(long(SENT_AT_MS - HOUR_MS), long(SENT_AT_MS)),
  expiresAtMs: some(long(SENT_AT_MS + 24 * HOUR_MS)),
  texts: array(concatBytes(text('en'), text('Test alert'), text('Nothing happened.'))),
  areas: array(
    concatBytes(
      text('PK-KP'),
      some(text('Peshawar')),
      some(double(34.0151), double(71.5249)),
      some(long(500)),
    ),
  ),
  indicators: array(concatBytes(long(2), text('+920000000001'))),
  references: array(concatBytes(long(3), text('nacta'), uuid(OTHER_ID), unhex(OTHER_DIGEST))),
  caseReferences: array(concatBytes(long(0), text('TEST-1/2026'))),
  legalBasis: some(text('Test Act 2026, section 1'), NONE),
} as const
export type AlertPart = keyof typeof PARTS

const NAMES = Object.keys(PARTS) as AlertPart[]

/** The base alert with other bytes in the place of some fields. */
export const rawAlert = (
  others: Partial<Record<AlertPart, Uint8Array>> = {},
  fingerprint: string = ALERT_FINGERPRINT,
): Uint8Array =>
  singleObject(fingerprint, concatBytes(...NAMES.map((name) => others[name] ?? PARTS[name])))

/** The base alert up to, and without, a field. */
export const rawAlertUntil = (name: AlertPart, more = 0): Uint8Array => {
  const before = NAMES.slice(0, NAMES.indexOf(name)).map((one) => PARTS[one])
  const length = concatBytes(...before).length + more
  return rawAlert().subarray(0, HEADER_BYTES + length)
}

const HEADER_BYTES = 10
