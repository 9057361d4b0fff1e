import { concatBytes, utf8 } from '#core/bytes.ts'
import type { RefusalCode } from '#core/refusal.ts'
import { BASE } from '#tools/vectors/base-alert.ts'
import { rawAlert, rawAlertUntil } from '#tools/vectors/raw-alert.ts'
import {
  array,
  bytes,
  double,
  long,
  NONE,
  overlong,
  some,
  text,
  unhex,
} from '#tools/vectors/raw-avro.ts'

export interface InvalidAlert {
  readonly why: string
  readonly payload: Uint8Array
  readonly code: RefusalCode
  readonly detail?: string
}

/** `detail` is written by hand: the reason, and where in the bytes the refused value begins. */
const malformed = (why: string, detail: string, payload: Uint8Array): InvalidAlert => ({
  why,
  payload,
  code: 'alert-malformed',
  detail,
})

const PK_KP = text('PK-KP')
const PK_PB = text('PK-PB')
const COUNT_MAX = 2 ** 31 - 1

const headline = (raw: Uint8Array): Uint8Array =>
  rawAlert({ texts: array(concatBytes(text('en'), bytes(raw), text(''))) })

const point = (latitude: number, longitude: number): Uint8Array =>
  rawAlert({
    areas: array(concatBytes(PK_KP, NONE, some(double(latitude), double(longitude)), NONE)),
  })

const TRUNCATED: readonly InvalidAlert[] = [
  malformed('no bytes', 'not-single-object at byte 0', new Uint8Array(0)),
  malformed('cut inside the header', 'not-single-object at byte 0', rawAlert().subarray(0, 9)),
  malformed('cut behind the header', 'truncated at byte 10', rawAlertUntil('realm')),
  malformed('cut inside the id', 'truncated at byte 11', rawAlertUntil('id', 5)),
  malformed('cut inside a string', 'truncated at byte 27', rawAlertUntil('origin', 4)),
  malformed('cut inside a number', 'truncated at byte 77', rawAlertUntil('sentAtMs', 3)),
  malformed('cut behind the count of a list', 'truncated at byte 103', rawAlertUntil('texts', 1)),
  malformed('cut inside a double', 'truncated at byte 163', rawAlertUntil('areas', 30)),
  malformed('cut before the end of a list', 'truncated at byte 174', rawAlertUntil('areas', 37)),
  malformed('cut inside a list’s item', 'truncated at byte 192', rawAlertUntil('references', 40)),
  malformed('cut before the last byte', 'truncated at byte 290', rawAlertUntil('legalBasis', 26)),
  malformed(
    'a byte behind the end',
    'trailing-bytes at byte 291',
    concatBytes(rawAlert(), Uint8Array.of(0)),
  ),
  malformed(
    'two alerts, one behind the other',
    'trailing-bytes at byte 291',
    concatBytes(rawAlert(), rawAlert()),
  ),
]

const NUMBERS: readonly InvalidAlert[] = [
  malformed(
    'an enum’s index in two bytes where one does',
    'overlong-varint at byte 10',
    rawAlert({ realm: overlong(0) }),
  ),
  malformed(
    'an int in two bytes where one does',
    'overlong-varint at byte 76',
    rawAlert({ credibility: overlong(2) }),
  ),
  malformed(
    'a string’s length in two bytes where one does',
    'overlong-varint at byte 27',
    rawAlert({ origin: concatBytes(overlong(6), utf8('ctd-kp')) }),
  ),
  malformed(
    'a list’s count in two bytes where one does',
    'overlong-varint at byte 37',
    rawAlert({ jurisdictions: concatBytes(overlong(2), PK_KP, PK_PB, NONE) }),
  ),
  malformed(
    'a union’s branch in two bytes where one does',
    'overlong-varint at byte 83',
    rawAlert({ occurred: overlong(0) }),
  ),
  malformed(
    'a list’s end in two bytes',
    'overlong-varint at byte 50',
    rawAlert({ jurisdictions: concatBytes(long(2), PK_KP, PK_PB, overlong(0)) }),
  ),
  malformed(
    'a number of eleven bytes',
    'overlong-varint at byte 77',
    rawAlert({ sentAtMs: unhex('8080808080808080808001') }),
  ),
  malformed(
    'a long of 2^53, which not every language holds exactly',
    'number-range at byte 77',
    rawAlert({ sentAtMs: long(2n ** 53n) }),
  ),
  malformed(
    'the smallest long',
    'number-range at byte 77',
    rawAlert({ sentAtMs: long(-(2n ** 63n)) }),
  ),
  malformed('an int of 2^31', 'number-range at byte 76', rawAlert({ credibility: long(2 ** 31) })),
  malformed('latitude is no number', 'not-finite at byte 146', point(Number.NaN, 0)),
  malformed('latitude is infinite', 'not-finite at byte 146', point(Number.POSITIVE_INFINITY, 0)),
  malformed('longitude is infinite', 'not-finite at byte 154', point(0, Number.NEGATIVE_INFINITY)),
]

const LISTS: readonly InvalidAlert[] = [
  malformed('a string of length −1', 'negative-length at byte 27', rawAlert({ origin: long(-1) })),
  malformed(
    'a block with a negative count and its size: good Avro, but a second form',
    'negative-length at byte 37',
    rawAlert({ jurisdictions: concatBytes(long(-2), long(12), PK_KP, PK_PB, NONE) }),
  ),
  malformed(
    'a list in two blocks: good Avro, but a second form',
    'split-block at byte 44',
    rawAlert({ jurisdictions: concatBytes(long(1), PK_KP, long(1), PK_PB, NONE) }),
  ),
  malformed(
    'five bytes that claim 2^31 − 1 jurisdictions',
    'budget-items at byte 37',
    concatBytes(rawAlertUntil('jurisdictions'), long(COUNT_MAX)),
  ),
  malformed(
    'five bytes that claim 2^31 − 1 caveats, and all that follows',
    'budget-items at byte 72',
    rawAlert({ caveats: long(COUNT_MAX) }),
  ),
  malformed(
    'a list that claims 10,001 items, one more than a message may hold',
    'budget-items at byte 103',
    concatBytes(rawAlertUntil('texts'), long(10_001)),
  ),
  malformed(
    'two lists that claim more than 10,000 items together',
    'budget-items at byte 103',
    concatBytes(rawAlertUntil('texts'), long(9_996)),
  ),
  malformed(
    'a list that claims 9,995 items and holds none',
    'truncated at byte 103',
    concatBytes(rawAlertUntil('texts'), long(9_995)),
  ),
  malformed(
    'a string that claims 2^31 − 1 bytes',
    'truncated at byte 27',
    rawAlert({ origin: long(COUNT_MAX) }),
  ),
  malformed(
    'a string that claims 2^62 bytes',
    'number-range at byte 27',
    rawAlert({ origin: long(2n ** 62n) }),
  ),
]

const CHOICES: readonly InvalidAlert[] = [
  malformed('the third of two realms', 'unknown-symbol at byte 10', rawAlert({ realm: long(2) })),
  malformed('a realm of index −1', 'unknown-symbol at byte 10', rawAlert({ realm: long(-1) })),
  malformed('an unknown kind', 'unknown-symbol at byte 34', rawAlert({ kind: long(10) })),
  malformed(
    'a level above the highest',
    'unknown-symbol at byte 36',
    rawAlert({ classification: long(5) }),
  ),
  malformed(
    'an unknown caveat',
    'unknown-symbol at byte 73',
    rawAlert({ caveats: array(long(6)) }),
  ),
  malformed(
    'the third branch of two',
    'unknown-branch at byte 51',
    rawAlert({ releasableTo: long(2) }),
  ),
  malformed('a branch of index −1', 'unknown-branch at byte 83', rawAlert({ occurred: long(-1) })),
  malformed(
    'an unknown branch at the end',
    'unknown-branch at byte 264',
    rawAlert({ legalBasis: long(2) }),
  ),
]

const UTF8: readonly InvalidAlert[] = [
  ['a second byte that is none', 'c328'],
  ['a character in two bytes where one does', 'c080'],
  ['half a surrogate pair', 'eda080'],
  ['a character beyond U+10FFFF', 'f4908080'],
  ['a byte that UTF-8 never has', 'ff'],
  ['a character cut short', 'e2'],
].map(([why, digits]) =>
  malformed(`UTF-8: ${why}`, 'bad-utf8 at byte 107', headline(unhex(digits ?? ''))),
)

const HEADERS: readonly InvalidAlert[] = [
  malformed('the body without its header', 'not-single-object at byte 0', rawAlert().subarray(10)),
  malformed(
    'another version of the marker',
    'not-single-object at byte 0',
    concatBytes(unhex('c302'), rawAlert().subarray(2)),
  ),
  malformed(
    'an object container file',
    'not-single-object at byte 0',
    concatBytes(utf8('Obj\u0001'), rawAlert()),
  ),
  malformed('JSON', 'not-single-object at byte 0', utf8(JSON.stringify(BASE))),
  {
    why: 'a fingerprint that no schema has',
    payload: rawAlert({}, '0000000000000000'),
    code: 'schema-unknown',
  },
  {
    why: 'the fingerprint with its most significant byte first',
    payload: rawAlert({}, 'ea64662b521bd490'),
    code: 'schema-unknown',
  },
  {
    why: 'the fingerprint of a signed alert’s schema',
    payload: rawAlert({}, '86f9dd6cbd4d836c'),
    code: 'schema-unknown',
  },
]

export const MALFORMED_ALERTS: readonly InvalidAlert[] = [
  ...TRUNCATED,
  ...NUMBERS,
  ...LISTS,
  ...CHOICES,
  ...UTF8,
  ...HEADERS,
]
