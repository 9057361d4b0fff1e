import {
  BARE,
  BASE,
  HOUR_MS,
  ID,
  OTHER_DIGEST,
  OTHER_ID,
  SENT_AT_MS,
} from '#tools/vectors/base-alert.ts'
import type { AlertJson } from '#tools/vectors/written-alert.ts'

export interface ValidAlert {
  readonly why: string
  readonly alert: AlertJson
  /** What the alert means, where that is not what is written. */
  readonly means?: AlertJson
}

const TIME_MS_MAX = 4_102_444_800_000
const PUBLIC = { ...BARE.label, jurisdictions: ['PK'] }
const ALL_CODES = ['PK', 'PK-BA', 'PK-GB', 'PK-IS', 'PK-JK', 'PK-KP', 'PK-PB', 'PK-SD']

const english = (headline: string, narrative = '') => [{ language: 'en', headline, narrative }]
const labelled = (
  label: Partial<AlertJson['label']>,
  rest: Partial<AlertJson> = {},
): AlertJson => ({
  ...BARE,
  label: { ...BARE.label, ...label },
  ...rest,
})
const reference = {
  relation: 'RELATED',
  origin: 'nacta',
  id: OTHER_ID,
  digest: OTHER_DIGEST,
} as const

const KINDS: readonly ValidAlert[] = [
  { why: 'a threat alert with every optional part', alert: BASE },
  { why: 'an information report without any optional part', alert: BARE },
  {
    why: 'a situation report over a period, with several areas',
    alert: {
      ...BARE,
      kind: 'SITUATION_REPORT',
      occurred: { fromMs: SENT_AT_MS - 3 * HOUR_MS, toMs: SENT_AT_MS - HOUR_MS },
      areas: [
        { jurisdiction: 'PK-KP', district: null, point: null, radiusMetres: null },
        { jurisdiction: 'PK-IS', district: 'Islamabad', point: null, radiusMetres: null },
        {
          jurisdiction: 'PK-SD',
          district: null,
          point: { latitude: 24.8607, longitude: 67.0011 },
          radiusMetres: null,
        },
      ],
    },
  },
  {
    why: 'a lookout with an indicator of each type',
    alert: {
      ...labelled({ classification: 'RESTRICTED', caveats: ['PROTECTED_PERSON'] }),
      kind: 'LOOKOUT',
      precedence: 'FLASH',
      indicators: [
        { type: 'PERSON', value: 'Test Person' },
        { type: 'CNIC', value: '0000000000001' },
        { type: 'PHONE', value: '+920000000002' },
        { type: 'VEHICLE', value: 'TST-000' },
        { type: 'IMEI', value: '490154203237518' },
        { type: 'ACCOUNT', value: 'PK00TEST0000000000000001' },
        { type: 'ORGANISATION', value: 'Test Organisation' },
        { type: 'DOCUMENT', value: 'TEST/0001-A' },
      ],
    },
  },
  {
    why: 'a proscription for every jurisdiction',
    alert: {
      ...labelled({ jurisdictions: ALL_CODES }),
      kind: 'PROSCRIPTION',
      indicators: [{ type: 'ORGANISATION', value: 'Test Organisation' }],
      legalBasis: { provision: 'Test Act 2026, section 2', expiresAtMs: TIME_MS_MAX },
    },
  },
  {
    why: 'a financing indicator at the highest level, for one agency',
    alert: {
      ...labelled({ classification: 'TOP_SECRET', jurisdictions: ['PK'], releasableTo: ['fmu'] }),
      kind: 'FINANCING_INDICATOR',
      precedence: 'IMMEDIATE',
      indicators: [{ type: 'ACCOUNT', value: 'TEST' }],
      caseReferences: [{ scheme: 'FMU', value: 'T1' }],
    },
  },
  {
    why: 'a request with a legal basis that runs out',
    alert: {
      ...BARE,
      kind: 'REQUEST',
      legalBasis: { provision: 'Test Act 2026', expiresAtMs: SENT_AT_MS + HOUR_MS },
      caseReferences: [{ scheme: 'CMMS', value: '2026 17' }],
    },
  },
  {
    why: 'a response to another agency',
    alert: { ...BARE, kind: 'RESPONSE', references: [{ ...reference, relation: 'RESPONDS_TO' }] },
  },
  {
    why: 'a recall of an own alert',
    alert: {
      ...BARE,
      kind: 'RECALL',
      references: [{ ...reference, relation: 'RECALLS', origin: 'ctd-kp' }],
    },
  },
  {
    why: 'a system notice of the exercise realm',
    alert: { ...labelled(PUBLIC), realm: 'exercise', kind: 'SYSTEM_NOTICE' },
  },
]

const REFERENCES: readonly ValidAlert[] = [
  {
    why: 'a correction of an own alert',
    alert: { ...BARE, references: [{ ...reference, relation: 'SUPERSEDES', origin: 'ctd-kp' }] },
  },
  {
    why: 'a recall may refer to other alerts as well, also to another agency’s of its own id',
    alert: {
      ...BARE,
      kind: 'RECALL',
      references: [
        { ...reference, id: ID },
        { ...reference, relation: 'RECALLS', origin: 'ctd-kp' },
        { ...reference, origin: 'ctd-kp', id: '00000000-0000-0000-0000-000000000000' },
      ],
    },
  },
  {
    why: 'an id of zeros; ids are 16 bytes of any value',
    alert: { ...BARE, id: '00000000-0000-0000-0000-000000000000' },
  },
  { why: 'an id of ones', alert: { ...BARE, id: 'ffffffff-ffff-ffff-ffff-ffffffffffff' } },
  {
    why: 'a case reference of each scheme, of 1 to 64 characters',
    alert: {
      ...BARE,
      caseReferences: [
        { scheme: 'FIR', value: '1' },
        { scheme: 'CMMS', value: 'a:b_c.d/e-f g' },
        { scheme: 'INTERPOL', value: 'T'.repeat(64) },
        { scheme: 'FMU', value: '00' },
        { scheme: 'OTHER', value: 'x0' },
        { scheme: 'OTHER', value: 'x0' },
      ],
    },
  },
]

const TEXTS: readonly ValidAlert[] = [
  {
    why: 'a text in Urdu alone',
    alert: {
      ...BARE,
      texts: [
        {
          language: 'ur',
          headline: 'آزمائشی اطلاع',
          narrative: 'یہ صرف ایک آزمائش ہے۔ کچھ نہیں ہوا۔',
        },
      ],
    },
  },
  {
    why: 'texts in several languages, in any order',
    alert: {
      ...BARE,
      texts: [
        { language: 'ur', headline: 'آزمائش', narrative: '' },
        { language: 'en', headline: 'Test', narrative: '' },
        { language: 'ps', headline: 'ازموینه', narrative: '' },
        { language: 'ur-Arab-PK', headline: 'آزمائش', narrative: '' },
        { language: 'en-GB', headline: 'Test', narrative: '' },
        { language: 'skr', headline: 'آزمائش', narrative: '' },
      ],
    },
  },
  {
    why: 'a zero-width non-joiner, which Urdu needs, and line feeds and tabs in a narrative',
    alert: {
      ...BARE,
      texts: [{ language: 'ur', headline: 'می\u200cخواہد', narrative: '\tایک\n\tدو\n' }],
    },
  },
  {
    why: 'characters of 1 to 4 bytes, composed and decomposed: nothing is normalised',
    alert: { ...BARE, texts: english('a é e\u0301 ہ 🚨 \u{10ffff} "\\/<>&') },
  },
  {
    why: 'a headline of 300 characters of 4 bytes',
    alert: { ...BARE, texts: english('🚨'.repeat(300)) },
  },
  {
    why: 'a headline of 63 bytes, whose length takes one byte',
    alert: { ...BARE, texts: english('a'.repeat(63)) },
  },
  {
    why: 'a headline of 64 bytes, whose length takes two',
    alert: { ...BARE, texts: english('a'.repeat(64)) },
  },
  {
    why: 'a narrative of 8,192 bytes, whose length takes three',
    alert: { ...BARE, texts: english('a', 'ab'.repeat(4_096)) },
  },
  {
    why: 'the longest narrative, of 20,000 characters',
    alert: { ...BARE, texts: english('a', 'abcdefgh '.repeat(2_222).padEnd(20_000, '.')) },
  },
]

const LABELS: readonly ValidAlert[] = [
  {
    why: 'PK-TA is read as PK-KP',
    alert: labelled({ jurisdictions: ['PK-TA'] }),
    means: labelled({ jurisdictions: ['PK-KP'] }),
  },
  {
    why: 'PK-BL is read as PK-BA, in an area too',
    alert: labelled(
      { jurisdictions: ['PK-BL', 'PK-PB'] },
      { areas: [{ jurisdiction: 'PK-BL', district: 'Quetta', point: null, radiusMetres: null }] },
    ),
    means: labelled(
      { jurisdictions: ['PK-BA', 'PK-PB'] },
      { areas: [{ jurisdiction: 'PK-BA', district: 'Quetta', point: null, radiusMetres: null }] },
    ),
  },
  {
    why: 'an alias stands where its own letters put it, and means what stands elsewhere',
    alert: labelled({ jurisdictions: ['PK-PB', 'PK-SD', 'PK-TA'] }),
    means: labelled({ jurisdictions: ['PK-KP', 'PK-PB', 'PK-SD'] }),
  },
  {
    why: 'every caveat, sorted by name',
    alert: labelled({
      classification: 'SECRET',
      caveats: ['EYES_ONLY', 'JUVENILE', 'NOT_FOR_COURT', 'NO_ONWARD', 'ORCON', 'PROTECTED_PERSON'],
    }),
  },
  {
    why: 'agencies are sorted by their bytes: hyphen, then digits, then letters',
    alert: labelled({ releasableTo: ['a', 'a-b', 'a0', 'ab', 'nacta'] }),
  },
  {
    why: 'the longest agency',
    alert: labelled({ releasableTo: [`a${'0'.repeat(15)}${`-${'0'.repeat(15)}`.repeat(3)}`] }),
  },
]

const BOUNDS: readonly ValidAlert[] = [
  { why: 'sent at the earliest time', alert: { ...BARE, sentAtMs: 0, expiresAtMs: 1 } },
  {
    why: 'sent at the latest time but one, so that it can expire',
    alert: { ...BARE, sentAtMs: TIME_MS_MAX - 1, expiresAtMs: TIME_MS_MAX },
  },
  { why: 'sent at the latest time', alert: { ...BARE, sentAtMs: TIME_MS_MAX } },
  {
    why: 'occurred over the longest period',
    alert: { ...BARE, occurred: { fromMs: -TIME_MS_MAX, toMs: TIME_MS_MAX } },
  },
  {
    why: 'occurred in one moment before 1970',
    alert: { ...BARE, occurred: { fromMs: -1, toMs: -1 } },
  },
  {
    why: 'the corners of the map, with the smallest and the largest radius',
    alert: {
      ...BARE,
      areas: [
        [90, 180, 1],
        [-90, -180, 1_000_000],
        [0, 0, 64],
        [5e-324, -179.99999999999997, null],
      ].map(([latitude, longitude, radiusMetres]) => ({
        jurisdiction: 'PK',
        district: null,
        point: { latitude: latitude ?? 0, longitude: longitude ?? 0 },
        radiusMetres: radiusMetres ?? null,
      })),
    },
  },
  {
    why: 'the longest district and provision',
    alert: {
      ...BARE,
      areas: [
        {
          jurisdiction: 'PK',
          district: 'ضلع '.repeat(25).trim().padEnd(100, 'ع'),
          point: null,
          radiusMetres: null,
        },
      ],
      legalBasis: { provision: '§'.repeat(300), expiresAtMs: 0 },
    },
  },
  {
    why: 'the best evaluation',
    alert: { ...BARE, evaluation: { reliability: 'A', credibility: 1 } },
  },
  {
    why: 'nothing can be judged',
    alert: { ...BARE, evaluation: { reliability: 'F', credibility: 6 } },
  },
  {
    why: 'the shortest and longest values of indicators; doubles are no fault',
    alert: {
      ...BARE,
      indicators: [
        { type: 'PERSON', value: 'ا' },
        { type: 'PERSON', value: 'ا'.repeat(200) },
        { type: 'PERSON', value: '🚨'.repeat(200) },
        { type: 'PHONE', value: '+1000000' },
        { type: 'PHONE', value: '+100000000000000' },
        { type: 'VEHICLE', value: '1' },
        { type: 'VEHICLE', value: 'A-B-C-D-E-F-G-H-12345'.slice(0, 20) },
        { type: 'IMEI', value: '000000000000000' },
        { type: 'ACCOUNT', value: '0000' },
        { type: 'ACCOUNT', value: 'A'.repeat(34) },
        { type: 'DOCUMENT', value: 'A' },
        { type: 'DOCUMENT', value: `A${'/-'.repeat(19)}9` },
        { type: 'DOCUMENT', value: 'A' },
      ],
    },
  },
  {
    why: 'a list of 1,000 items, the most',
    alert: {
      ...BARE,
      indicators: Array.from({ length: 1_000 }, (_, index) => ({
        type: 'ACCOUNT' as const,
        value: String(1_000 + index),
      })),
    },
  },
]

export const VALID_ALERTS: readonly ValidAlert[] = [
  ...KINDS,
  ...REFERENCES,
  ...TEXTS,
  ...LABELS,
  ...BOUNDS,
]
