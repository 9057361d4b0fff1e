import type { Label, WrittenLabel } from '#core/label.ts'
import { vectorText } from '#tools/vectors/vector-file.ts'

type Part = keyof WrittenLabel

interface LabelRow {
  readonly why: string
  readonly written: WrittenLabel
  /** What is not given is as it is written. */
  readonly means?: Partial<WrittenLabel>
  readonly refused?: Part
}

const PLAIN: WrittenLabel = {
  classification: 'SECRET',
  jurisdictions: ['PK-KP'],
  releasableTo: null,
  caveats: [],
}

const accepted = (
  why: string,
  part: Partial<WrittenLabel>,
  means: Partial<WrittenLabel> = {},
): LabelRow => ({ why, written: { ...PLAIN, ...part }, means })

const refused = (why: string, part: Part, written: Partial<WrittenLabel>): LabelRow => ({
  why,
  written: { ...PLAIN, ...written },
  refused: part,
})

const jurisdictions = (...codes: readonly string[]) => ({ jurisdictions: codes })
const releasableTo = (...agencies: readonly string[]) => ({ releasableTo: agencies })
const caveats = (...names: readonly string[]) => ({ caveats: names })

const ROWS: readonly LabelRow[] = [
  accepted('one jurisdiction', {}),
  ...['UNCLASSIFIED', 'RESTRICTED', 'CONFIDENTIAL', 'SECRET', 'TOP_SECRET'].map((classification) =>
    accepted(classification, { classification }),
  ),
  accepted(
    'all jurisdictions',
    jurisdictions('PK', 'PK-BA', 'PK-GB', 'PK-IS', 'PK-JK', 'PK-KP', 'PK-PB', 'PK-SD'),
  ),
  accepted('PK alone means federal bodies, and no province', jurisdictions('PK')),
  accepted('PK-TA is PK-KP', jurisdictions('PK-TA'), jurisdictions('PK-KP')),
  accepted('PK-BL is PK-BA', jurisdictions('PK-BL'), jurisdictions('PK-BA')),
  accepted('both aliases', jurisdictions('PK-BL', 'PK-TA'), jurisdictions('PK-BA', 'PK-KP')),
  accepted(
    'an alias keeps its own place in what is written, and not in what is meant',
    jurisdictions('PK-PB', 'PK-SD', 'PK-TA'),
    jurisdictions('PK-KP', 'PK-PB', 'PK-SD'),
  ),
  accepted('for one agency', releasableTo('ctd-kp')),
  accepted('sorted by bytes, hyphen before digits before letters', releasableTo('a-b', 'a0', 'ab')),
  accepted('agencies of every form', releasableTo('a', 'a1-2-3-4', 'ctd-kp', 'nacta')),
  accepted('a caveat', caveats('EYES_ONLY')),
  accepted('T stands before the underscore', caveats('NOT_FOR_COURT', 'NO_ONWARD')),
  refused('an unknown level', 'classification', { classification: 'COSMIC' }),
  refused('a level in lower case', 'classification', { classification: 'secret' }),
  refused('no level', 'classification', { classification: '' }),
  refused('a property of every object', 'classification', { classification: 'toString' }),
  refused('no jurisdiction', 'jurisdictions', jurisdictions()),
  refused('out of order', 'jurisdictions', jurisdictions('PK-PB', 'PK-KP')),
  refused('one twice', 'jurisdictions', jurisdictions('PK-KP', 'PK-KP')),
  refused('one and its alias', 'jurisdictions', jurisdictions('PK-KP', 'PK-TA')),
  refused(
    'one and its alias, far apart',
    'jurisdictions',
    jurisdictions('PK-KP', 'PK-PB', 'PK-SD', 'PK-TA'),
  ),
  refused('the other alias too', 'jurisdictions', jurisdictions('PK-BA', 'PK-BL')),
  refused('an alias in its meaning’s place', 'jurisdictions', jurisdictions('PK-TA', 'PK-PB')),
  refused('another country', 'jurisdictions', jurisdictions('XX')),
  refused('no code', 'jurisdictions', jurisdictions('')),
  refused('white space', 'jurisdictions', jurisdictions(' PK')),
  refused('a wildcard', 'jurisdictions', jurisdictions('PK-*')),
  refused('a property of every object', 'jurisdictions', jurisdictions('constructor')),
  refused('one unknown among known', 'jurisdictions', jurisdictions('PK', 'PK-KP', 'PK-ZZ')),
  refused('releasable to nobody', 'releasableTo', releasableTo()),
  refused('out of order', 'releasableTo', releasableTo('nacta', 'fia')),
  refused('one twice', 'releasableTo', releasableTo('fia', 'fia')),
  refused('in the order of a dictionary', 'releasableTo', releasableTo('ctdx', 'ctd-y')),
  refused('capitals', 'releasableTo', releasableTo('FIA')),
  refused('an underscore', 'releasableTo', releasableTo('ctd_kp')),
  refused('five parts', 'releasableTo', releasableTo('a-b-c-d-e')),
  refused('a part of 17 characters', 'releasableTo', releasableTo('a'.repeat(17))),
  refused('a principal', 'releasableTo', releasableTo('ctd-kp/duty-officer')),
  refused('a line feed behind', 'releasableTo', releasableTo('fia\n')),
  refused('an unknown caveat', 'caveats', caveats('TLP_RED')),
  refused('a caveat in lower case', 'caveats', caveats('orcon')),
  refused('out of order', 'caveats', caveats('ORCON', 'JUVENILE')),
  refused('one twice', 'caveats', caveats('ORCON', 'ORCON')),
  refused('in the order of a dictionary', 'caveats', caveats('NO_ONWARD', 'NOT_FOR_COURT')),
  refused('a property of every object', 'caveats', caveats('__proto__')),
]

export const labelVectors = (): string =>
  vectorText('Labels as they are written, and what they mean or which part of them is refused.', {
    accepted: ROWS.filter((row) => row.refused === undefined).map(({ why, written, means }) => ({
      why,
      written,
      means: { ...written, ...means } satisfies Record<keyof Label, unknown>,
    })),
    refused: ROWS.filter((row) => row.refused !== undefined).map(({ why, written, refused }) => ({
      why,
      written,
      part: refused,
    })),
  })
