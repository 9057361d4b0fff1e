import { CLARITIES, DATE_PRECISIONS, PLACE_PRECISIONS } from '#clients/cli/import/incident-codes.ts'
import type { IncidentRow } from '#clients/cli/import/incident-row.ts'
import { incidentText } from '#clients/cli/import/incident-text.ts'
import { cutAtWord } from '#clients/cli/import/plain-text.ts'
import { departmentOf } from '#clients/cli/import/province.ts'
import type { Alert, AlertName, Area, Evaluation } from '#core/alert.ts'
import { utf8 } from '#core/bytes.ts'
import type { Classification } from '#core/classification.ts'
import type { Sha256 } from '#core/hash.ts'
import type { Label } from '#core/label.ts'
import { LIMITS } from '#core/limits.ts'
import type { Realm } from '#core/realm.ts'
import { uuidFromHash } from '#core/uuid.ts'

/**
 * The alert's name: the same event has the same in every run, so that one which is there already is
 * found there.
 */
export const incidentName = (row: IncidentRow, realm: Realm, sha256: Sha256): AlertName => ({
  origin: departmentOf(row.province),
  id: uuidFromHash(sha256(utf8(`rabta/import/v1\n${realm}${row.id}`))),
})

/** The alert that a department would have sent of the event; docs/import.md explains each field. */
export const incidentAlert = (
  row: IncidentRow,
  options: { readonly realm: Realm; readonly sentAtMs: number; readonly sha256: Sha256 },
): Alert => {
  const { realm, sentAtMs, sha256 } = options
  return {
    ...incidentName(row, realm, sha256),
    realm,
    kind: 'INFORMATION_REPORT',
    precedence: 'ROUTINE',
    label: labelOf(row),
    evaluation: evaluationOf(row),
    sentAtMs,
    occurred: row.occurred,
    expiresAtMs: null,
    texts: [incidentText(row)],
    areas: [areaOf(row)],
    indicators: [],
    references: [],
    caseReferences: [],
    legalBasis: null,
  }
}

const labelOf = ({ id, province }: IncidentRow): Label => ({
  classification: classificationOf(Number(id)),
  // Sorted: the federation stands before its provinces.
  jurisdictions: ['PK', province],
  releasableTo: null,
  caveats: [],
})

/** By the number alone: open data has no secrets, and a hub is tried with all levels. */
const classificationOf = (id: number): Classification => {
  if (id % 50 === 0) return 'SECRET'
  return id % 10 === 0 ? 'CONFIDENTIAL' : 'RESTRICTED'
}

/** `A` and `1` are judgements of a person who knows the source: no file's columns can give them. */
const evaluationOf = (row: IncidentRow): Evaluation => {
  const doubt =
    CLARITIES[row.clarity].doubt +
    DATE_PRECISIONS[row.datePrecision].doubt +
    PLACE_PRECISIONS[row.placePrecision].doubt
  const credibility = Math.min(CREDIBILITY.probablyTrue + doubt, CREDIBILITY.doubtful)
  return { reliability: reliabilityOf(row.sources), credibility }
}

/** Lower than doubtful would say that others contradict it. */
const CREDIBILITY = { probablyTrue: 2, doubtful: 4 } as const

const reliabilityOf = (sources: number | null): Evaluation['reliability'] => {
  if (sources === null) return 'F'
  return sources > 1 ? 'B' : 'C'
}

const areaOf = ({ province, district, point, placePrecision }: IncidentRow): Area => {
  const { radiusMetres, isDistrictKnown } = PLACE_PRECISIONS[placePrecision]
  const isNamed = isDistrictKnown && district !== null
  return {
    jurisdiction: province,
    district: isNamed ? cutAtWord(district, LIMITS.districtCharactersMax) : null,
    point: radiusMetres === null ? null : point,
    radiusMetres,
  }
}
