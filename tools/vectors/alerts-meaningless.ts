import type { RefusalCode } from '#core/refusal.ts'
import type { InvalidAlert } from '#tools/vectors/alerts-malformed.ts'
import {
  BARE,
  BASE,
  HOUR_MS,
  ID,
  OTHER_DIGEST,
  OTHER_ID,
  SENT_AT_MS,
} from '#tools/vectors/base-alert.ts'
import { type AlertJson, payloadOf } from '#tools/vectors/written-alert.ts'

/** Alerts that the schema lets through. `code` and `detail` are written by hand. */
const refused =
  (code: RefusalCode) =>
  (why: string, detail: string, part: Partial<AlertJson>): InvalidAlert => ({
    why,
    payload: payloadOf({ ...BASE, ...part }),
    code,
    detail,
  })

const meaningless = refused('alert-meaningless')
const controls = refused('text-controls')
const labelInvalid = refused('label-invalid')

const TIME_MS_MAX = 4_102_444_800_000

const label = (part: Partial<AlertJson['label']>) => ({ label: { ...BASE.label, ...part } })
const texts = (headline: string, narrative = '', language = 'en') => ({
  texts: [{ language, headline, narrative }],
})
type Area = AlertJson['areas'][number]
const PLACE: Area = { jurisdiction: 'PK-KP', district: null, point: null, radiusMetres: null }
const area = (part: Partial<Area>) => ({ areas: [PLACE, { ...PLACE, ...part }] })
const at = (latitude: number, longitude: number) => area({ point: { latitude, longitude } })
const radius = (radiusMetres: number) =>
  area({ point: { latitude: 0, longitude: 0 }, radiusMetres })
type IndicatorType = AlertJson['indicators'][number]['type']
const indicator = (type: IndicatorType, value: string) => ({ indicators: [{ type, value }] })
type Reference = AlertJson['references'][number]
const OTHER: Reference = {
  relation: 'RELATED',
  origin: 'ctd-kp',
  id: OTHER_ID,
  digest: OTHER_DIGEST,
}
const reference = (part: Partial<Reference>) => ({ references: [{ ...OTHER, ...part }] })
const RECALLS: Reference = { ...OTHER, relation: 'RECALLS' }
const caseReference = (value: string) => ({ caseReferences: [{ scheme: 'FIR' as const, value }] })

const LABELS = [
  labelInvalid('no jurisdiction', 'jurisdictions', label({ jurisdictions: [] })),
  labelInvalid(
    'jurisdictions out of order',
    'jurisdictions',
    label({ jurisdictions: ['PK-PB', 'PK-KP'] }),
  ),
  labelInvalid('a jurisdiction twice', 'jurisdictions', label({ jurisdictions: ['PK', 'PK'] })),
  labelInvalid(
    'a jurisdiction and its alias',
    'jurisdictions',
    label({ jurisdictions: ['PK-KP', 'PK-TA'] }),
  ),
  labelInvalid(
    'a jurisdiction and its alias, with another between them',
    'jurisdictions',
    label({ jurisdictions: ['PK-BA', 'PK-BL', 'PK-GB'] }),
  ),
  labelInvalid(
    'an alias where what it stands for would stand',
    'jurisdictions',
    label({ jurisdictions: ['PK-IS', 'PK-TA', 'PK-PB'] }),
  ),
  labelInvalid('an unknown jurisdiction', 'jurisdictions', label({ jurisdictions: ['PK-XX'] })),
  labelInvalid('lower case', 'jurisdictions', label({ jurisdictions: ['pk-kp'] })),
  labelInvalid('a wildcard', 'jurisdictions', label({ jurisdictions: ['*'] })),
  labelInvalid(
    'the name of a property of every JavaScript object',
    'jurisdictions',
    label({ jurisdictions: ['constructor'] }),
  ),
  labelInvalid('releasable to nobody', 'releasableTo', label({ releasableTo: [] })),
  labelInvalid(
    'agencies out of order',
    'releasableTo',
    label({ releasableTo: ['nacta', 'ctd-kp'] }),
  ),
  labelInvalid(
    'agencies in the order of a dictionary, which passes over hyphens',
    'releasableTo',
    label({ releasableTo: ['ctdx', 'ctd-y'] }),
  ),
  labelInvalid('an agency twice', 'releasableTo', label({ releasableTo: ['fia', 'fia'] })),
  labelInvalid('an agency in capitals', 'releasableTo', label({ releasableTo: ['FIA'] })),
  labelInvalid('an empty agency', 'releasableTo', label({ releasableTo: [''] })),
  labelInvalid(
    '1,001 agencies, one too many',
    'releasableTo',
    label({ releasableTo: Array.from({ length: 1_001 }, (_, index) => `a${1_000 + index}`) }),
  ),
  labelInvalid('caveats out of order', 'caveats', label({ caveats: ['ORCON', 'EYES_ONLY'] })),
  labelInvalid(
    'caveats in the order of a dictionary, which passes over underscores',
    'caveats',
    label({ caveats: ['NO_ONWARD', 'NOT_FOR_COURT'] }),
  ),
  labelInvalid('a caveat twice', 'caveats', label({ caveats: ['ORCON', 'ORCON'] })),
]

const CONTROLS = [
  controls('a right-to-left override', 'texts[0].headline', texts('a\u202eb')),
  controls('a right-to-left isolate', 'texts[0].headline', texts('a\u2067b\u2069')),
  controls('a right-to-left mark', 'texts[0].headline', texts('آ\u200f')),
  controls('an Arabic letter mark', 'texts[0].headline', texts('آ\u061c')),
  controls('a zero byte in a headline', 'texts[0].headline', texts('a\u0000')),
  controls('a line feed in a headline', 'texts[0].headline', texts('a\nb')),
  controls('a tab in a headline', 'texts[0].headline', texts('a\tb')),
  controls('an escape', 'texts[0].headline', texts('\u001b[31m')),
  controls('a next line', 'texts[0].headline', texts('a\u0085b')),
  controls('a carriage return in a narrative', 'texts[0].narrative', texts('a', 'b\r\nc')),
  controls('a line separator in a narrative', 'texts[0].narrative', texts('a', 'b\u2028c')),
  controls('an override in a narrative', 'texts[0].narrative', texts('a', '\u202db')),
  controls('a delete in a second narrative', 'texts[1].narrative', {
    texts: [...BASE.texts, { language: 'ur', headline: 'آ', narrative: '\u007f' }],
  }),
  controls('an embedding in a district', 'areas[1].district', area({ district: 'a\u202bb' })),
  controls(
    'an isolate in a person’s name',
    'indicators[0].value',
    indicator('PERSON', 'a\u2066b\u2069'),
  ),
  controls(
    'a line feed behind a CNIC',
    'indicators[0].value',
    indicator('CNIC', '0000000000001\n'),
  ),
  controls('a tab in a legal basis', 'legalBasis.provision', {
    legalBasis: { provision: 'a\tb', expiresAtMs: null },
  }),
]

const TIMES = [
  meaningless('sent before 1970', 'sentAtMs', { sentAtMs: -1, expiresAtMs: null }),
  meaningless('sent after 2100', 'sentAtMs', { sentAtMs: TIME_MS_MAX + 1, expiresAtMs: null }),
  meaningless('sent in microseconds', 'sentAtMs', {
    sentAtMs: SENT_AT_MS * 1_000,
    expiresAtMs: null,
  }),
  meaningless('expires when it is sent', 'expiresAtMs', { expiresAtMs: SENT_AT_MS }),
  meaningless('expires before it is sent', 'expiresAtMs', { expiresAtMs: SENT_AT_MS - 1 }),
  meaningless('expires after 2100', 'expiresAtMs', { expiresAtMs: TIME_MS_MAX + 1 }),
  meaningless('ends before it begins', 'occurred', {
    occurred: { fromMs: SENT_AT_MS, toMs: SENT_AT_MS - HOUR_MS },
  }),
  meaningless('occurred before the calendar begins', 'occurred', {
    occurred: { fromMs: -TIME_MS_MAX - 1, toMs: 0 },
  }),
  meaningless('occurred after the calendar ends', 'occurred', {
    occurred: { fromMs: 0, toMs: TIME_MS_MAX + 1 },
  }),
  meaningless('a legal basis until before 1970', 'legalBasis.expiresAtMs', {
    legalBasis: { provision: 'Test Act', expiresAtMs: -1 },
  }),
]

const ORIGINS = [
  '',
  'CTD-KP',
  'ctd_kp',
  '1ctd',
  ' ctd-kp',
  'ctd-',
  'a-b-c-d-e',
  'a'.repeat(17),
].map((origin) => meaningless(`the origin ${JSON.stringify(origin)}`, 'origin', { origin }))

const TEXTS = [
  meaningless('no text', 'texts', { texts: [] }),
  meaningless('two texts of one language', 'texts', { texts: [...BASE.texts, ...BASE.texts] }),
  meaningless('a language in capitals', 'texts[0].language', texts('a', '', 'EN')),
  meaningless('a language’s name', 'texts[0].language', texts('a', '', 'english')),
  meaningless('a language with an underscore', 'texts[0].language', texts('a', '', 'en_GB')),
  meaningless('no language', 'texts[0].language', texts('a', '', '')),
  meaningless('no headline', 'texts[0].headline', texts('')),
  meaningless('a space before a headline', 'texts[0].headline', texts(' a')),
  meaningless('a no-break space behind a headline', 'texts[0].headline', texts('a\u00a0')),
  meaningless('a byte order mark before a headline', 'texts[0].headline', texts('\ufeffa')),
  meaningless('a headline of 301 characters', 'texts[0].headline', texts('a'.repeat(301))),
  meaningless(
    'a headline of 301 characters of 4 bytes',
    'texts[0].headline',
    texts('🚨'.repeat(301)),
  ),
  meaningless(
    'a narrative of 20,001 characters',
    'texts[0].narrative',
    texts('a', 'a'.repeat(20_001)),
  ),
]

const AREAS = [
  meaningless('an unknown area', 'areas[1].jurisdiction', area({ jurisdiction: 'PK-XX' })),
  meaningless('an empty district', 'areas[1].district', area({ district: '' })),
  meaningless('a space behind a district', 'areas[1].district', area({ district: 'a ' })),
  meaningless(
    'a district of 101 characters',
    'areas[1].district',
    area({ district: 'ع'.repeat(101) }),
  ),
  meaningless('latitude 91', 'areas[1].point', at(91, 0)),
  meaningless('latitude a little below −90', 'areas[1].point', at(-90.00000000000001, 0)),
  meaningless('longitude 181', 'areas[1].point', at(0, 181)),
  meaningless('longitude −180.5', 'areas[1].point', at(0, -180.5)),
  meaningless('a radius without a point', 'areas[1].radiusMetres', area({ radiusMetres: 5 })),
  meaningless('a radius of 0', 'areas[1].radiusMetres', radius(0)),
  meaningless('a radius of −1', 'areas[1].radiusMetres', radius(-1)),
  meaningless('a radius of 1,000,001 m', 'areas[1].radiusMetres', radius(1_000_001)),
]

const INDICATORS = (
  [
    ['PERSON', ''],
    ['PERSON', ' a'],
    ['PERSON', 'ا'.repeat(201)],
    ['ORGANISATION', 'a\u3000'],
    ['CNIC', '00000-0000000-1'],
    ['CNIC', '000000000000'],
    ['CNIC', '٠٠٠٠٠٠٠٠٠٠٠٠١'],
    ['PHONE', '03000000000'],
    ['PHONE', '+03000000000'],
    ['PHONE', '+92 300 0000000'],
    ['PHONE', '+920000'],
    ['PHONE', '+1000000000000000'],
    ['VEHICLE', 'tst-000'],
    ['VEHICLE', 'TST--000'],
    ['VEHICLE', 'TST-'],
    ['VEHICLE', 'A'.repeat(21)],
    ['IMEI', '490154203237519'],
    ['IMEI', '49015420323751'],
    ['IMEI', '49-015420-323751-8'],
    ['ACCOUNT', 'PK00 TEST 0000'],
    ['ACCOUNT', 'ABC'],
    ['ACCOUNT', 'A'.repeat(35)],
    ['DOCUMENT', '-A'],
    ['DOCUMENT', 'A/'],
    ['DOCUMENT', 'A'.repeat(41)],
  ] as const
).map(([type, value]) =>
  meaningless(`${type} ${JSON.stringify(value)}`, 'indicators[0].value', indicator(type, value)),
)

const LISTS = [
  meaningless('1,001 indicators, one too many', 'indicators', {
    indicators: Array.from({ length: 1_001 }, () => ({ type: 'ACCOUNT', value: '0000' })),
  }),
  meaningless('1,001 areas, one too many', 'areas', {
    areas: Array.from({ length: 1_001 }, () => ({ ...PLACE, jurisdiction: 'PK' })),
  }),
]

const REFERENCES = [
  meaningless('a reference to itself', 'references[0].id', reference({ id: ID })),
  meaningless(
    'a reference to no agency',
    'references[0].origin',
    reference({ origin: 'CTD Punjab' }),
  ),
  meaningless(
    'a correction of another agency’s alert',
    'references[0].origin',
    reference({ relation: 'SUPERSEDES', origin: 'nacta' }),
  ),
  meaningless('a recall of another agency’s alert', 'references[0].origin', {
    ...BARE,
    kind: 'RECALL',
    references: [{ ...RECALLS, origin: 'nacta' }],
  }),
  meaningless('a recall of nothing', 'references', { ...BARE, kind: 'RECALL' }),
  meaningless('a recall that only relates', 'references', {
    ...BARE,
    kind: 'RECALL',
    references: [OTHER],
  }),
  meaningless('a recall of two', 'references', {
    ...BARE,
    kind: 'RECALL',
    references: [RECALLS, { ...RECALLS, id: '0190b3a2-7c1e-7def-8abc-0123456789ad' }],
  }),
  meaningless('an alert that recalls beside', 'references', { references: [RECALLS] }),
]

const REST = [
  meaningless('credibility 0', 'evaluation.credibility', {
    evaluation: { reliability: 'A', credibility: 0 },
  }),
  meaningless('credibility 7', 'evaluation.credibility', {
    evaluation: { reliability: 'A', credibility: 7 },
  }),
  meaningless('credibility −1', 'evaluation.credibility', {
    evaluation: { reliability: 'A', credibility: -1 },
  }),
  ...['', ' 1', '1 ', '-1', '1\n', 'ایف', 'T'.repeat(65)].map((value) =>
    meaningless(
      `the case reference ${JSON.stringify(value)}`,
      'caseReferences[0].value',
      caseReference(value),
    ),
  ),
  meaningless('an empty legal basis', 'legalBasis.provision', {
    legalBasis: { provision: '', expiresAtMs: null },
  }),
  meaningless('a legal basis of 301 characters', 'legalBasis.provision', {
    legalBasis: { provision: 'a'.repeat(301), expiresAtMs: null },
  }),
]

export const MEANINGLESS_ALERTS: readonly InvalidAlert[] = [
  ...LABELS,
  ...CONTROLS,
  ...TIMES,
  ...ORIGINS,
  ...TEXTS,
  ...AREAS,
  ...INDICATORS,
  ...LISTS,
  ...REFERENCES,
  ...REST,
]
