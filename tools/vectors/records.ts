import { sha256 } from '#adapters/crypto/sha256.ts'
import { encodeSingleObject } from '#core/avro/single-object.ts'
import type { ValueOf } from '#core/avro/value-of.ts'
import { concatBytes, hex, utf8 } from '#core/bytes.ts'
import { accessRecordCodec } from '#core/codecs.ts'
import type { accessRecordSchema } from '#core/schemas.ts'
import { leafHash } from '#core/tlog/hash.ts'
import { OTHER_DIGEST, OTHER_ID, SENT_AT_MS } from '#tools/vectors/base-alert.ts'
import { bytesFor } from '#tools/vectors/keys.ts'
import { long, NONE, singleObject, unhex } from '#tools/vectors/raw-avro.ts'
import { vectorText } from '#tools/vectors/vector-file.ts'
import { uuid } from '#tools/vectors/written-alert.ts'

export const RECORD_FINGERPRINT = '980cb8030d696b8a'

type Written = ValueOf<typeof accessRecordSchema>
type WrittenAlertName = NonNullable<Written['alert']>

/** As JSON: ids as UUIDs, other bytes in hexadecimal. */
type RecordJson = Omit<
  Written,
  'requestId' | 'alert' | 'policyDigest' | 'directory' | 'searchTerms' | 'salt'
> & {
  readonly requestId: string
  readonly alert:
    | (Omit<WrittenAlertName, 'id' | 'digest'> & {
        readonly id: string
        readonly digest: string | null
      })
    | null
  readonly policyDigest: string | null
  readonly directory: { readonly sequence: number; readonly digest: string } | null
  readonly searchTerms: string | null
  readonly salt: string
}

const writtenFrom = (json: RecordJson): Written => ({
  ...json,
  requestId: uuid(json.requestId),
  alert: json.alert && {
    ...json.alert,
    id: uuid(json.alert.id),
    digest: json.alert.digest === null ? null : unhex(json.alert.digest),
  },
  policyDigest: json.policyDigest === null ? null : unhex(json.policyDigest),
  directory: json.directory && { ...json.directory, digest: unhex(json.directory.digest) },
  searchTerms: json.searchTerms === null ? null : unhex(json.searchTerms),
  salt: unhex(json.salt),
})

const digits = (name: string): string => hex(bytesFor(name))

const READ: RecordJson = {
  timeMs: SENT_AT_MS,
  service: 'GATEWAY',
  requestId: '8f0c1d2e-3b4a-4c5d-8e6f-708192a3b4c5',
  realm: 'live',
  principal: 'ctd-punjab/duty-officer',
  agency: 'ctd-punjab',
  action: 'READ',
  outcome: 'ALLOWED',
  alert: { origin: 'ctd-kp', id: OTHER_ID, digest: OTHER_DIGEST },
  reasons: [],
  policyDigest: digits('policy 2'),
  directory: { sequence: 38, digest: digits('directory head') },
  purpose: { code: 'INVESTIGATION', caseReference: 'FIR-12/2026' },
  searchTerms: null,
  salt: digits('salt').slice(0, 32),
}

/** What a service does by itself. */
const OWN: RecordJson = { ...READ, principal: null, agency: null, purpose: null }
const OTHER_ALERT = { origin: 'ctd-kp', id: OTHER_ID, digest: null }

const VALID: readonly (readonly [why: string, record: RecordJson])[] = [
  ['a read that was allowed', READ],
  [
    'a read that was denied, with all reasons',
    {
      ...READ,
      outcome: 'DENIED',
      reasons: ['clearance-too-low', 'not-releasable', 'outside-jurisdiction'],
    },
  ],
  [
    'a read of what is not there',
    { ...READ, outcome: 'DENIED', alert: OTHER_ALERT, reasons: ['not-found'] },
  ],
  ['a publication', { ...READ, action: 'PUBLISH', purpose: null }],
  ['a release in an exercise', { ...READ, realm: 'exercise', action: 'RELEASE' }],
  ['a token', { ...READ, action: 'TOKEN', alert: null, purpose: null }],
  [
    'a dead letter of the router',
    { ...OWN, service: 'ROUTER', action: 'DEAD_LETTER', reasons: ['key-or-agency-out'] },
  ],
  [
    'an auditor’s search, of which only a keyed hash is kept',
    {
      ...READ,
      service: 'AUDIT',
      action: 'SEARCH',
      alert: null,
      purpose: { code: 'OVERSIGHT', caseReference: null },
      searchTerms: digits('search terms'),
    },
  ],
  [
    'before there is a directory or a policy',
    { ...OWN, outcome: 'FAILED', alert: null, policyDigest: null, directory: null },
  ],
  ['at the first moment', { ...OWN, timeMs: 0 }],
  ['at the last moment', { ...OWN, timeMs: 4_102_444_800_000 }],
  [
    'the longest reason and case reference',
    {
      ...READ,
      reasons: [`a${'-9'.repeat(31)}z`],
      purpose: { code: 'TRAINING', caseReference: `a${'/-'.repeat(31)}z` },
    },
  ],
]

const encoded = (record: RecordJson): Uint8Array =>
  encodeSingleObject(accessRecordCodec, writtenFrom(record))

const validRow = ([why, record]: readonly [string, RecordJson]) => {
  const bytes = encoded(record)
  return { why, record, bytes: hex(bytes), leafHash: hex(leafHash(sha256, bytes)) }
}

const reason = (code: string): Uint8Array => encoded({ ...READ, reasons: ['not-found', code] })
const caseReference = (value: string): Uint8Array =>
  encoded({ ...READ, purpose: { code: 'PROTECTION', caseReference: value } })
const GOOD = encoded(READ)

const INVALID: readonly (readonly [why: string, bytes: Uint8Array])[] = [
  ['a byte of no meaning: still a leaf', NONE],
  ['a text', utf8('not a record')],
  ['cut before the last byte', GOOD.subarray(0, GOOD.length - 1)],
  ['a byte behind the end', concatBytes(GOOD, NONE)],
  ['an unknown schema', singleObject('0000000000000000', GOOD.subarray(10))],
  ['the header alone', GOOD.subarray(0, 10)],
  ['an unknown service', concatBytes(GOOD.subarray(0, 16), long(3), GOOD.subarray(17))],
  ['free text as a reason', reason('he asked for it')],
  ['an empty reason', reason('')],
  ['a formula as a reason', reason('=1+1')],
  ['a reason in capitals', reason('NOT-FOUND')],
  ['a reason of 65 characters', reason('a'.repeat(65))],
  ['free text as a case reference', caseReference('my neighbour')],
  ['a case reference that ends with a hyphen', caseReference('FIR-')],
  ['a case reference of 65 characters', caseReference('1'.repeat(65))],
  ['an empty case reference', caseReference('')],
  ['before 1970', encoded({ ...READ, timeMs: -1 })],
  ['after 2100', encoded({ ...READ, timeMs: 4_102_444_800_001 })],
  ['a principal of another agency', encoded({ ...READ, agency: 'ctd-kp' })],
  ['a principal of no agency', encoded({ ...READ, agency: null })],
  ['a principal without an agency’s name', encoded({ ...READ, principal: 'duty-officer' })],
  ['a principal’s personal name', encoded({ ...READ, principal: 'ctd-punjab/Test Person' })],
  ['an agency in capitals', encoded({ ...OWN, agency: 'NACTA' })],
  ['an origin that is no agency', encoded({ ...READ, alert: { ...OTHER_ALERT, origin: '' } })],
  [
    'a directory before its first entry',
    encoded({ ...READ, directory: { sequence: -1, digest: OTHER_DIGEST } }),
  ],
]

export const recordVectors = (): string =>
  vectorText(
    'Access records with their leaf hashes; and entries of the access topic that are no records, but leaves all the same.',
    {
      fingerprint: RECORD_FINGERPRINT,
      valid: VALID.map(validRow),
      invalid: INVALID.map(([why, bytes]) => ({
        why,
        bytes: hex(bytes),
        leafHash: hex(leafHash(sha256, bytes)),
      })),
    },
  )
